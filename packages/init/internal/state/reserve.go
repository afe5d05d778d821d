package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/kmsg"
)

// A boot writes: docker keeps what becomes of containers, and does not start when it can not. So a file that is only
// there for its size is given up when the file system is full, and the machine boots once more for somebody to make room.
const (
	// ReserveFile is in the root of the machine.
	ReserveFile = ".ros-reserve"
	reserveSize = 32 << 20
	// ownSpace is what ext4 counts as free and gives to nobody, not even root: up to 4096 clusters for its own metadata
	// (ext4_calculate_resv_clusters of the kernel's fs/ext4/super.c).
	ownSpace = 4096 * 4096
	// full is how many free bytes are too few for an ordinary boot, and least how many a boot can not do without.
	full  = ownSpace + 16<<20
	least = ownSpace + 4<<20
	// plenty is how many free bytes there must be before the reserve is put back.
	plenty = 8 * reserveSize
)

// makeRoom gives the reserve up when the file system that root is on is full. The error says that there is no room even so.
func makeRoom(root string, free func(path string) (uint64, error)) error {
	have, err := free(root)
	if errors.Is(err, os.ErrNotExist) {
		// state.directory is made later.
		return nil
	}
	if err != nil || have >= full {
		return err
	}
	reserve := filepath.Join(root, ReserveFile)
	if err := os.Remove(reserve); err == nil {
		kmsg.Error("the state disk is full (%d bytes free): the reserve for this boot was taken; make room before the next", have)
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the state disk is full: giving up the reserve: %w", err)
	}
	if have, err = free(root); err == nil && have < least {
		return fmt.Errorf("the state disk is full: %d bytes free, a boot needs %d", have, least)
	}
	return err
}

// Reserve puts the reserve below root, when that is on a disk with room for it.
func Reserve(root string) error {
	return reserve(root, freeBytes)
}

func reserve(root string, free func(path string) (uint64, error)) error {
	path := filepath.Join(root, ReserveFile)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == reserveSize {
		return nil
	}
	have, err := free(root)
	if err != nil || have < plenty {
		return err
	}
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(unix.Fallocate(int(file.Fd()), 0, 0, reserveSize), file.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
		// Not every file system can set space aside.
		if errors.Is(err, unix.EOPNOTSUPP) {
			return nil
		}
		return fmt.Errorf("keeping a reserve on the state disk: %w", err)
	}
	return nil
}

// freeBytes is what root may still write; in memory there is nothing to reserve.
func freeBytes(path string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, fmt.Errorf("looking for room on %s: %w", path, err)
	}
	return stat.Bfree * uint64(stat.Bsize), nil
}
