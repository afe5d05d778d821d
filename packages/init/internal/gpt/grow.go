package gpt

import (
	"errors"
	"fmt"
	"os"
)

// Stretch lets a partition, which must be the last of its disk, reach to the disk's end. It says whether anything was to be done.
func (t *Table) Stretch(number int, size int64) (bool, error) {
	part, err := t.partition(number)
	if err != nil {
		return false, err
	}
	for i, other := range t.Partitions {
		if i != number-1 && other.First > part.First {
			return false, fmt.Errorf("partition %d can not grow: partition %d lies behind it", number, i+1)
		}
	}
	end := LastUsable(size)
	if part.Last >= end {
		return false, nil
	}
	part.Last = end
	return true, nil
}

func (t *Table) partition(number int) (*Partition, error) {
	if number < 1 || number > entryCount || t.Partitions[number-1].Type == (GUID{}) {
		return nil, fmt.Errorf("there is no partition %d", number)
	}
	return &t.Partitions[number-1], nil
}

// Change reads the table of a disk, changes one partition, writes the table, and lets the kernel know.
func Change(path string, number int, change func(table *Table, part *Partition, size int64) error) (err error) {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	size, err := Size(disk)
	if err != nil {
		return err
	}
	table, err := Read(disk, size)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	part, err := table.partition(number)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before := *part
	if err := change(table, part, size); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := table.Write(disk, size); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	info, err := disk.Stat()
	if err != nil || info.Mode()&os.ModeDevice == 0 || before.Last == part.Last {
		return err
	}
	return TellSize(disk, number, *part)
}

// Size is that of a disk or an image of one, in bytes.
func Size(disk *os.File) (int64, error) {
	size, err := disk.Seek(0, 2)
	if err != nil {
		return 0, fmt.Errorf("measuring %s: %w", disk.Name(), err)
	}
	return size, nil
}
