package installer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/gpt"
)

// minState is the least that a state partition has: the system is unpacked to it.
const minState = 1 << 30

// target is the disk to install to.
type target struct {
	path string
	size int64
	// content says what is on it, a line for each; empty for an empty disk.
	content []string
}

// openTarget looks at a disk, and changes nothing.
func (s session) openTarget(path string) (target, error) {
	t := target{path: s.device(path)}
	info, err := os.Stat(t.path)
	if err != nil {
		return t, err
	}
	if info.Mode()&os.ModeDevice == 0 || info.Mode()&os.ModeCharDevice != 0 {
		return t, fmt.Errorf("%s is no disk", path)
	}
	name := filepath.Base(t.path)
	if _, err := os.Stat(filepath.Join(s.devices.Sys, "class/block", name, "partition")); err == nil {
		return t, fmt.Errorf("%s is a partition: want a whole disk", path)
	}
	// O_EXCL is refused while anything of the disk is mounted or otherwise in use, in whatever container.
	disk, err := os.OpenFile(t.path, os.O_RDWR|unix.O_EXCL, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return t, fmt.Errorf("%s is in use: something of it is mounted", path)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES):
		return t, fmt.Errorf("%s can only be read", path)
	case err != nil:
		return t, err
	}
	defer disk.Close()
	if readOnly, err := unix.IoctlGetInt(int(disk.Fd()), unix.BLKROGET); err == nil && readOnly != 0 {
		return t, fmt.Errorf("%s can only be read", path)
	}
	if sector, err := unix.IoctlGetInt(int(disk.Fd()), unix.BLKSSZGET); err == nil && sector != gpt.SectorSize {
		return t, fmt.Errorf("%s has sectors of %d bytes: only disks with %d are known", path, sector, gpt.SectorSize)
	}
	if t.size, err = gpt.Size(disk); err != nil {
		return t, err
	}
	t.content, err = s.describe(disk, t.size, name)
	return t, err
}

// describe says what a disk holds.
func (s session) describe(disk *os.File, size int64, name string) ([]string, error) {
	var lines []string
	places, err := s.devices.Partitions()
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		if place.Disk != disk.Name() {
			continue
		}
		line := fmt.Sprintf("%s: a partition", filepath.Base(place.Path))
		if place.Label != "" {
			line += " named " + place.Label
		}
		if device, err := s.devices.Find(place.Path); err == nil && device.Type != "" {
			line += ", " + kindOf(device.FileSystem)
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		return lines, nil
	}
	if fs, err := blockdev.Probe(disk); err == nil {
		return []string{fmt.Sprintf("%s: %s", name, kindOf(fs))}, nil
	}
	head := make([]byte, min(1<<20, size))
	if _, err := disk.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("reading %s: %w", disk.Name(), err)
	}
	if strings.Trim(string(head), "\x00") != "" {
		return []string{name + ": data of an unknown kind in the first MiB"}, nil
	}
	return nil, nil
}

func kindOf(fs blockdev.FileSystem) string {
	if fs.Label == "" {
		return "a file system of type " + fs.Type
	}
	return fmt.Sprintf("a file system of type %s named %s", fs.Type, fs.Label)
}
