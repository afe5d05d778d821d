package bootvolume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"rancheros-kit/init/internal/blockdev"
)

// machine is a finder over made-up disks, each with partitions of these names.
func machine(t *testing.T, disks map[string][]string) blockdev.Finder {
	t.Helper()
	root := t.TempDir()
	finder := blockdev.Finder{Sys: filepath.Join(root, "sys"), Dev: filepath.Join(root, "dev")}
	add := func(path, size, key, value string) {
		device := filepath.Join(finder.Sys, "devices", path)
		write(t, filepath.Join(device, "size"), size)
		write(t, filepath.Join(device, key), value)
		link := filepath.Join(finder.Sys, "class/block", filepath.Base(path))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(device, link); err != nil {
			t.Fatal(err)
		}
	}
	for disk, names := range disks {
		table := make([]byte, 8192)
		le := binary.LittleEndian
		copy(table[512:], "EFI PART")
		le.PutUint64(table[512+72:], 2)
		le.PutUint32(table[512+80:], 4)
		le.PutUint32(table[512+84:], 128)
		add(disk, "100", "queue/logical_block_size", "512")
		for i, name := range names {
			for j, letter := range name {
				le.PutUint16(table[1024+128*i+56+2*j:], uint16(letter))
			}
			part := fmt.Sprintf("%s%d", disk, i+1)
			add(disk+"/"+part, "8", "partition", fmt.Sprint(i+1))
			write(t, filepath.Join(finder.Dev, part), "")
		}
		write(t, filepath.Join(finder.Dev, disk), string(table))
	}
	return finder
}

func TestFind(t *testing.T) {
	installed := []string{PartitionName, StateName}
	for name, c := range map[string]struct {
		disks map[string][]string
		want  string
	}{
		"one disk":                      {map[string][]string{"sda": installed}, "sda1"},
		"a stick with a boot volume":    {map[string][]string{"sda": {PartitionName}, "sdb": installed}, "sdb1"},
		"the state is on another disk":  {map[string][]string{"sda": {PartitionName}, "sdb": {StateName}}, "sda1"},
		"other partitions":              {map[string][]string{"sda": {"x", PartitionName}}, "sda2"},
		"none":                          {map[string][]string{"sda": {StateName}}, ""},
		"two, and no state beside them": {map[string][]string{"sda": {PartitionName}, "sdb": {PartitionName}}, "?"},
	} {
		finder := machine(t, c.disks)
		place, err := Find(finder)
		switch c.want {
		case "":
			if !errors.Is(err, ErrNone) {
				t.Errorf("%s: %+v, %v", name, place, err)
			}
		case "?":
			if err == nil || errors.Is(err, ErrNone) {
				t.Errorf("%s: %+v, %v", name, place, err)
			}
		default:
			if err != nil || place.Path != filepath.Join(finder.Dev, c.want) {
				t.Errorf("%s: %+v, %v", name, place, err)
			}
		}
	}
}
