// Package bootvolume looks after the volume that an installed machine starts from: a FAT file system with the boot loaders, a folder for
// each system, and one sector that says which of them starts.
package bootvolume

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
)

// PartitionName is the volume's name in the partition table; StateName that of the partition with the state.
const (
	PartitionName = "RANCHER_BOOT"
	StateName     = "RANCHER_STATE"
)

// ErrNone means that this machine does not start from a disk that ros knows.
var ErrNone = errors.New("no boot volume (a partition named " + PartitionName + "): this machine was not started from an installed disk")

// Find gives the boot volume beside the state partition, or the only one there is.
func Find(finder blockdev.Finder) (blockdev.Place, error) {
	places, err := finder.Partitions()
	if err != nil {
		return blockdev.Place{}, err
	}
	var found []blockdev.Place
	state := ""
	for _, place := range places {
		switch place.Label {
		case PartitionName:
			found = append(found, place)
		case StateName:
			if state == "" {
				state = place.Disk
			}
		}
	}
	for _, place := range found {
		if place.Disk == state {
			return place, nil
		}
	}
	switch len(found) {
	case 0:
		return blockdev.Place{}, ErrNone
	case 1:
		return found[0], nil
	}
	return blockdev.Place{}, fmt.Errorf("%d partitions are named %s, and none is beside the state partition", len(found), PartitionName)
}

// Volume is a boot volume, mounted.
type Volume struct {
	// Root is where it is mounted.
	Root string
}

// Mount mounts the boot volume. Names are written at once and before the clusters of deleted files are given free, so that after a power
// cut no name that is there leads to clusters of another file; what an interrupted copy leaves does not stop its removal.
func Mount(device, target string, readOnly bool) (Volume, error) {
	if err := os.MkdirAll(target, 0o700); err != nil {
		return Volume{}, err
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_DIRSYNC)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount(device, target, "vfat", flags, "fmask=0177,dmask=0077,utf8=1,errors=continue"); err != nil {
		return Volume{}, fmt.Errorf("mounting the boot volume %s: %w", device, err)
	}
	return Volume{Root: target}, nil
}

// Unmount writes what is left to write.
func (v Volume) Unmount() error {
	if err := unix.Unmount(v.Root, 0); err != nil {
		return fmt.Errorf("unmounting the boot volume: %w", err)
	}
	return os.Remove(v.Root)
}

func (v Volume) path(elements ...string) string {
	return filepath.Join(append([]string{v.Root}, elements...)...)
}

// Free is how many bytes new files may have.
func (v Volume) Free() (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(v.Root, &fs); err != nil {
		return 0, fmt.Errorf("looking for room on the boot volume: %w", err)
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}

// Systems are the folders with a system in them.
func (v Volume) Systems() ([]string, error) {
	entries, err := os.ReadDir(v.path("ros"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// sync makes everything that was written to the volume be on the disk.
func (v Volume) sync() error {
	root, err := os.Open(v.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := unix.Syncfs(int(root.Fd())); err != nil {
		return fmt.Errorf("writing the boot volume: %w", err)
	}
	return nil
}
