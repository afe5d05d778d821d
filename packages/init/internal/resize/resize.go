// Package resize lets the last partition of a disk, and the ext file system in it, grow to the disk's end while it is mounted.
package resize

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
)

// Disk is what a partition table is on.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// Partition is an entry of a table; Start and Sectors count sectors of the disk.
type Partition struct {
	Number         int
	Start, Sectors uint64
}

// table is a partition table of either kind.
type table interface {
	last() (Partition, error)
	grow(disk Disk, sector int64, partition *Partition, sectors uint64) error
}

// alignment is what partitions begin and end on, in bytes.
const alignment = 1 << 20

func alignedEnd(end uint64, sector int64) uint64 {
	unit := uint64(alignment / sector)
	return end / unit * unit
}

// growTable lets the last partition of a disk of so many bytes grow to the end. A disk without a table gives the partition 0.
func growTable(disk Disk, size, sector int64) (partition Partition, grown bool, err error) {
	var found table
	if gpt, err := readGPT(disk, sector); err != nil {
		return partition, false, err
	} else if gpt != nil {
		found = gpt
	} else if mbr, err := readMBR(disk); err != nil {
		return partition, false, err
	} else if mbr != nil {
		found = mbr
	} else {
		return partition, false, nil
	}
	partition, err = found.last()
	if err != nil {
		return partition, false, err
	}
	before := partition.Sectors
	err = found.grow(disk, sector, &partition, uint64(size/sector))
	return partition, partition.Sectors != before, err
}

// Grow does it for a disk of this machine, and gives the device whose file system has grown; empty when there was nothing to do.
func Grow(path string) (device string, err error) {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer disk.Close()
	size, err := disk.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	sector, err := unix.IoctlGetInt(int(disk.Fd()), unix.BLKSSZGET)
	if err != nil {
		return "", fmt.Errorf("%s is no disk: %w", path, err)
	}
	partition, grown, err := growTable(disk, size, int64(sector))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	device = path
	if partition.Number > 0 {
		if device, err = partitionDevice(path, partition.Number); err != nil {
			return "", err
		}
		if grown {
			if err := tellKernel(disk, partition, int64(sector)); err != nil {
				return "", fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return growFileSystem(device)
}

// partitionDevice finds the kernel's name of a partition in /sys.
func partitionDevice(disk string, number int) (string, error) {
	real, err := filepath.EvalSymlinks(disk)
	if err != nil {
		return "", err
	}
	entries, err := filepath.Glob(filepath.Join("/sys/class/block", filepath.Base(real), "*/partition"))
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		if err == nil && strings.TrimSpace(string(text)) == fmt.Sprint(number) {
			return filepath.Join(filepath.Dir(real), filepath.Base(filepath.Dir(entry))), nil
		}
	}
	return "", fmt.Errorf("%s has no partition %d that the kernel knows", disk, number)
}

// Of linux/blkpg.h: the request, and its description of a partition.
const (
	blkpg                = 0x1269
	blkpgResizePartition = 3
)

type blkpgPartition struct {
	start, length int64
	number        int32
	names         [128]byte
}

type blkpgRequest struct {
	operation, flags, length int32
	data                     *blkpgPartition
}

// tellKernel makes the kernel take the new size of a partition that may be in use.
func tellKernel(disk *os.File, partition Partition, sector int64) error {
	description := blkpgPartition{start: int64(partition.Start) * sector, length: int64(partition.Sectors) * sector, number: int32(partition.Number)}
	request := blkpgRequest{operation: blkpgResizePartition, length: int32(unsafe.Sizeof(description)), data: &description}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), blkpg, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("telling the kernel the new size of partition %d: %w", partition.Number, errno)
	}
	return nil
}

// growFileSystem lets an ext file system fill its device.
func growFileSystem(device string) (string, error) {
	found, err := blockdev.Host.Find(device)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(found.Type, "ext") {
		return "", fmt.Errorf("%s has the file system %q; only ext grows", device, found.Type)
	}
	output, err := exec.Command("resize2fs", device).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		return "", fmt.Errorf("resize2fs %s: %w: %s", device, err, strings.TrimSpace(string(output)))
	}
	if strings.Contains(string(output), "Nothing to do") {
		return "", nil
	}
	return device, nil
}
