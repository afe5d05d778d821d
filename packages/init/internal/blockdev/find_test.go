package blockdev

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// gptDisk has one partition, number 2, with the GUID 33221100-5544-7766-8899-aabbccddeeff and the name STATE.
func gptDisk(sectorSize int) []byte {
	b := make([]byte, 8*sectorSize+256)
	le := binary.LittleEndian
	copy(b[sectorSize:], "EFI PART")
	le.PutUint64(b[sectorSize+72:], 2)
	le.PutUint32(b[sectorSize+80:], 4)
	le.PutUint32(b[sectorSize+84:], 128)
	entry := b[2*sectorSize+128:]
	copy(entry[16:], []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff})
	for i, letter := range "STATE" {
		le.PutUint16(entry[56+2*i:], uint16(letter))
	}
	return b
}

func TestReadPartition(t *testing.T) {
	want := Partition{UUID: "33221100-5544-7766-8899-aabbccddeeff", Label: "STATE"}
	for _, sectorSize := range []int{512, 4096} {
		if got, err := ReadPartition(bytes.NewReader(gptDisk(sectorSize)), int64(sectorSize), 2); err != nil || got != want {
			t.Errorf("sectors of %d: got %+v, %v, want %+v", sectorSize, got, err, want)
		}
	}
	if _, err := ReadPartition(bytes.NewReader(gptDisk(512)), 512, 5); err == nil {
		t.Error("entry 5 of 4 was read")
	}
	mbr := make([]byte, 4096)
	copy(mbr[440:], []byte{0x78, 0x56, 0x34, 0x12})
	mbr[510], mbr[511] = 0x55, 0xAA
	if got, err := ReadPartition(bytes.NewReader(mbr), 512, 1); err != nil || got.UUID != "12345678-01" {
		t.Errorf("MBR: got %+v, %v", got, err)
	}
	if _, err := ReadPartition(bytes.NewReader(make([]byte, 4096)), 512, 1); err == nil {
		t.Error("a partition was read from zeros")
	}
}

func FuzzReadPartition(f *testing.F) {
	f.Add(gptDisk(512), 2)
	f.Fuzz(func(t *testing.T, content []byte, number int) {
		_, _ = ReadPartition(bytes.NewReader(content), 512, number) // must not panic
	})
}

// machine is a finder over a made-up /sys and /dev: the disk vda with the partitions vda1 and vda2, and a floppy.
func machine(t *testing.T) Finder {
	t.Helper()
	root := t.TempDir()
	finder := Finder{Sys: filepath.Join(root, "sys"), Dev: filepath.Join(root, "dev")}
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, attributes := range map[string]map[string]string{
		"vda":      {"size": "100\n", "queue/logical_block_size": "512\n"},
		"vda/vda1": {"size": "16\n", "partition": "1\n"},
		"vda/vda2": {"size": "16\n", "partition": "2\n"},
		"sr0":      {"size": "0\n"},
		"fd0":      {"size": "8\n"},
	} {
		device := filepath.Join(finder.Sys, "devices", name)
		for key, value := range attributes {
			write(filepath.Join(device, key), []byte(value))
		}
		link := filepath.Join(finder.Sys, "class/block", filepath.Base(name))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(device, link); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(finder.Dev, "vda"), gptDisk(512))
	write(filepath.Join(finder.Dev, "vda1"), fat16("CONFIG-2   ", ""))
	write(filepath.Join(finder.Dev, "vda2"), make([]byte, 8192))
	write(filepath.Join(finder.Dev, "fd0"), fat16("FLOPPY     ", ""))
	write(filepath.Join(finder.Dev, "sr0"), fat16("EMPTY      ", ""))
	return finder
}

func TestFind(t *testing.T) {
	finder := machine(t)
	for _, c := range []struct {
		spec, name, fsType string
	}{
		{"LABEL=CONFIG-2", "vda1", "vfat"},
		{"LABEL=config-2", "vda1", "vfat"},
		{"UUID=1234-abcd", "vda1", "vfat"},
		{"PARTUUID=33221100-5544-7766-8899-AABBCCDDEEFF", "vda2", ""},
		{"PARTLABEL=STATE", "vda2", ""},
		{filepath.Join(finder.Dev, "vda1"), "vda1", "vfat"},
		{filepath.Join(finder.Dev, "vda2"), "vda2", ""},
	} {
		device, err := finder.Find(c.spec)
		if err != nil || device.Path != filepath.Join(finder.Dev, c.name) || device.Type != c.fsType {
			t.Errorf("%s: got %+v, %v, want %s with %q", c.spec, device, err, c.name, c.fsType)
		}
	}
	for _, spec := range []string{"LABEL=none", "LABEL=FLOPPY", "LABEL=EMPTY", "PARTUUID=x", finder.Dev + "/vdb"} {
		if _, err := finder.Find(spec); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", spec, err)
		}
	}
	for _, spec := range []string{"ID=x", "vda", "", "LABEL=", "UUID=", finder.Dev} {
		if _, err := finder.Find(spec); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%q: got %v, want a refusal", spec, err)
		}
	}
}

func TestPartitionsAndLabelled(t *testing.T) {
	finder := machine(t)
	places, err := finder.Partitions()
	if err != nil || len(places) != 2 {
		t.Fatalf("%+v, %v", places, err)
	}
	want := Place{Path: filepath.Join(finder.Dev, "vda2"), Disk: filepath.Join(finder.Dev, "vda"), Number: 2, Partition: Partition{UUID: "33221100-5544-7766-8899-aabbccddeeff", Label: "STATE"}}
	if places[1] != want {
		t.Errorf("%+v, want %+v", places[1], want)
	}
	if err := os.WriteFile(filepath.Join(finder.Dev, "vda2"), fat16("CONFIG-2   ", ""), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := finder.Labelled("CONFIG-2")
	if err != nil || len(found) != 2 {
		t.Errorf("%+v, %v", found, err)
	}
	if none, err := finder.Labelled("NONE"); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}
