package gpt

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations of the ioctl BLKPG (linux/blkpg.h).
const (
	opAdd    = 1
	opDelete = 2
	opResize = 3
)

type blkpgPartition struct {
	start, length int64
	number        int32
	_             [64 + 64]byte
}

type blkpgArgument struct {
	op, flags, size int32
	data            unsafe.Pointer
}

// Tell makes the kernel know a partition of a disk, whatever the table on the disk says.
func Tell(disk *os.File, number int, part Partition) error {
	return tell(disk, opAdd, number, part)
}

// Forget makes the kernel forget a partition.
func Forget(disk *os.File, number int) error {
	return tell(disk, opDelete, number, Partition{})
}

// TellSize makes the kernel know the new end of a partition, also while it is in use.
func TellSize(disk *os.File, number int, part Partition) error {
	return tell(disk, opResize, number, part)
}

func tell(disk *os.File, op int32, number int, part Partition) error {
	partition := blkpgPartition{start: part.Offset(), number: int32(number)}
	if part != (Partition{}) {
		partition.length = part.Size()
	}
	argument := blkpgArgument{op: op, size: int32(unsafe.Sizeof(partition)), data: unsafe.Pointer(&partition)}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), unix.BLKPG, uintptr(unsafe.Pointer(&argument))); errno != 0 {
		return fmt.Errorf("%s, partition %d: %w", disk.Name(), number, errno)
	}
	return nil
}
