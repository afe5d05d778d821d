package blockdev

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// ErrNotFound means that no block device fits the specification now; it may appear later.
var ErrNotFound = errors.New("no such block device")

// Device is a block device and the file system on it; FileSystem is the zero value when none is known.
type Device struct {
	Path string
	FileSystem
}

// Finder looks through a machine's block devices.
type Finder struct {
	// Sys and Dev are /sys and /dev.
	Sys, Dev string
}

// Host is the machine this runs on.
var Host = Finder{Sys: "/sys", Dev: "/dev"}

// Find returns the device for LABEL=, UUID=, PARTUUID=, PARTLABEL= or an absolute path. The error is ErrNotFound when
// nothing fits.
func (f Finder) Find(spec string) (Device, error) {
	key, value, tagged := strings.Cut(spec, "=")
	if !tagged {
		return f.byPath(spec)
	}
	switch key {
	case "LABEL", "UUID", "PARTUUID", "PARTLABEL":
	default:
		return Device{}, fmt.Errorf("%s: unknown tag %s (LABEL, UUID, PARTUUID or PARTLABEL)", spec, key)
	}
	if value == "" {
		return Device{}, fmt.Errorf("%s: the value is missing", spec)
	}
	found, err := f.tagged(key, value, 1)
	if err != nil {
		return Device{}, err
	}
	if len(found) == 0 {
		return Device{}, fmt.Errorf("%s: %w", spec, ErrNotFound)
	}
	return found[0], nil
}

// Labelled gives all file systems with a label: more than one CD may have it.
func (f Finder) Labelled(label string) ([]Device, error) {
	return f.tagged("LABEL", label, math.MaxInt)
}

// tagged gives the first devices that fit, at most so many.
func (f Finder) tagged(key, value string, limit int) ([]Device, error) {
	names, err := f.names()
	if err != nil {
		return nil, err
	}
	var found []Device
	for _, name := range names {
		if len(found) >= limit {
			break
		}
		path := f.device(name)
		if strings.HasPrefix(key, "PART") {
			if part, ok := f.partition(name); ok && (key == "PARTUUID" && strings.EqualFold(part.UUID, value) ||
				key == "PARTLABEL" && part.Label == value) {
				device, err := f.byPath(path)
				if err != nil {
					return nil, err
				}
				found = append(found, device)
			}
			continue
		}
		fs, err := probePath(path)
		if err == nil && fs.matches(key, value) {
			found = append(found, Device{Path: path, FileSystem: fs})
		}
	}
	return found, nil
}

func (fs FileSystem) matches(key, value string) bool {
	if key == "UUID" {
		return fs.UUID != "" && strings.EqualFold(fs.UUID, value)
	}
	// FAT keeps labels in capitals.
	return fs.Label == value || fs.Type == "vfat" && strings.EqualFold(fs.Label, value)
}

func (f Finder) byPath(path string) (Device, error) {
	if !filepath.IsAbs(path) {
		return Device{}, fmt.Errorf("%q: not a tag and not an absolute path", path)
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Device{}, fmt.Errorf("%s: %w", path, ErrNotFound)
	} else if err != nil {
		return Device{}, err
	}
	if info.IsDir() {
		return Device{}, fmt.Errorf("%s is a directory", path)
	}
	fs, err := probePath(path)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Device{}, err
	}
	return Device{Path: path, FileSystem: fs}, nil
}

func probePath(path string) (FileSystem, error) {
	file, err := os.Open(path)
	if err != nil {
		return FileSystem{}, err
	}
	defer file.Close()
	fs, err := Probe(file)
	if err != nil {
		return fs, fmt.Errorf("probing %s: %w", path, err)
	}
	return fs, nil
}

// names lists the devices worth opening, partitions before whole disks: the superblock at the start of a disk may be
// left from before it was partitioned.
func (f Finder) names() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(f.Sys, "class/block"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("listing block devices: %w", err)
	}
	var names []string
	for _, entry := range entries {
		// A floppy drive without a medium takes seconds to say so.
		if name := entry.Name(); !strings.HasPrefix(name, "ram") && !strings.HasPrefix(name, "fd") && f.size(name) > 0 {
			names = append(names, name)
		}
	}
	sort.SliceStable(names, func(i, j int) bool { return f.number(names[i]) > 0 && f.number(names[j]) == 0 })
	return names, nil
}

func (f Finder) size(name string) int64 {
	return f.attribute(name, "size")
}

// number is the partition's number, 0 for a whole disk.
func (f Finder) number(name string) int {
	return int(f.attribute(name, "partition"))
}

func (f Finder) attribute(name, key string) int64 {
	text, err := os.ReadFile(filepath.Join(f.Sys, "class/block", name, key))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Place is where a partition lies.
type Place struct {
	// Path is the partition's own device, Disk that of its disk, Number what the table counts it by.
	Path, Disk string
	Number     int
	Partition
}

// Partitions lists the partitions of all disks.
func (f Finder) Partitions() ([]Place, error) {
	names, err := f.names()
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, name := range names {
		part, ok := f.partition(name)
		if !ok {
			continue
		}
		parent, _ := f.parent(name)
		places = append(places, Place{Path: f.device(name), Disk: f.device(parent), Number: f.number(name), Partition: part})
	}
	return places, nil
}

func (f Finder) device(name string) string {
	return filepath.Join(f.Dev, strings.ReplaceAll(name, "!", "/"))
}

// parent is the disk of a partition.
func (f Finder) parent(name string) (string, error) {
	link, err := filepath.EvalSymlinks(filepath.Join(f.Sys, "class/block", name))
	return filepath.Base(filepath.Dir(link)), err
}

func (f Finder) partition(name string) (Partition, bool) {
	number := f.number(name)
	if number == 0 {
		return Partition{}, false
	}
	parent, err := f.parent(name)
	if err != nil {
		return Partition{}, false
	}
	disk, err := os.Open(filepath.Join(f.Dev, strings.ReplaceAll(parent, "!", "/")))
	if err != nil {
		return Partition{}, false
	}
	defer disk.Close()
	sectorSize := f.attribute(parent, "queue/logical_block_size")
	if sectorSize == 0 {
		sectorSize = 512
	}
	part, err := ReadPartition(disk, sectorSize, number)
	return part, err == nil
}
