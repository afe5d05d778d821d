package blockdev

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// image makes a file of zeros with a file system that a real tool writes.
func image(t *testing.T, size int64, tool string, args ...string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(tool, append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (is it installed?)\n%s", tool, err, output)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestProbeExt(t *testing.T) {
	const id = "6b2b9a3e-9d6c-4a3b-8c5d-0123456789ab"
	for _, fsType := range []string{"ext2", "ext3", "ext4"} {
		file := image(t, 8<<20, "/sbin/mke2fs", "-q", "-F", "-t", fsType, "-L", "RANCHER_STATE", "-U", id)
		got, err := Probe(file)
		if want := (FileSystem{Type: fsType, Label: "RANCHER_STATE", UUID: id}); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", fsType, got, err, want)
		}
	}
}

func TestProbeExtUnclean(t *testing.T) {
	file := image(t, 8<<20, "/sbin/mke2fs", "-q", "-F", "-t", "ext4")
	whole, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(sb []byte){
		"mounted":         func(sb []byte) { binary.LittleEndian.PutUint16(sb[extState:], 0) },
		"errors":          func(sb []byte) { binary.LittleEndian.PutUint16(sb[extState:], 3) },
		"journal":         func(sb []byte) { sb[extIncompat] |= incompatRecover },
		"max mount count": func(sb []byte) { sb[extMaxMountCount], sb[extMaxMountCount+1], sb[extMountCount] = 5, 0, 5 },
	} {
		damaged := bytes.Clone(whole)
		damage(damaged[1024:2048])
		if got, err := Probe(bytes.NewReader(damaged)); err != nil || !got.Unclean {
			t.Errorf("%s: got %+v, %v, want it unclean", name, got, err)
		}
	}
}

func TestProbeISO(t *testing.T) {
	source := t.TempDir()
	path := filepath.Join(t.TempDir(), "cloud-config.iso")
	output, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "config-2",
		"--modification-date=2026010203040500", "-o", path, source).CombinedOutput()
	if err != nil {
		t.Fatalf("xorriso: %v (is it installed?)\n%s", err, output)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, err := Probe(file)
	if want := (FileSystem{Type: "iso9660", Label: "config-2", UUID: "2026-01-02-03-04-05-00"}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// fat16 is a FAT16 volume with a boot sector, one FAT of one sector and a root directory of 16 entries.
func fat16(bootLabel, rootLabel string) []byte {
	b := make([]byte, 8192)
	le := binary.LittleEndian
	le.PutUint16(b[11:], 512)
	b[13], b[16] = 1, 1
	le.PutUint16(b[14:], 1)
	le.PutUint16(b[17:], 16)
	le.PutUint16(b[22:], 1)
	le.PutUint32(b[39:], 0x1234ABCD)
	copy(b[43:54], bootLabel)
	copy(b[54:62], "FAT16   ")
	b[510], b[511] = 0x55, 0xAA
	copy(b[1024:], "README  TXT\x20")
	if rootLabel != "" {
		copy(b[1056:], rootLabel+"\x08")
	}
	return b
}

// fat32 has 32 reserved sectors, one FAT of one sector and its root directory in cluster 2.
func fat32(rootLabel string) []byte {
	b := make([]byte, 64*1024)
	le := binary.LittleEndian
	le.PutUint16(b[11:], 512)
	b[13], b[16] = 8, 1
	le.PutUint16(b[14:], 32)
	le.PutUint32(b[36:], 1)
	le.PutUint32(b[44:], 2)
	le.PutUint32(b[67:], 0x00010002)
	copy(b[71:82], "NO NAME    ")
	copy(b[82:90], "FAT32   ")
	b[510], b[511] = 0x55, 0xAA
	copy(b[33*512:], rootLabel+"\x08")
	return b
}

func TestProbeFAT(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    FileSystem
	}{
		"root label first": {fat16("OLD        ", "CONFIG-2   "), FileSystem{Type: "vfat", Label: "CONFIG-2", UUID: "1234-ABCD"}},
		"boot label":       {fat16("CONFIG-2   ", ""), FileSystem{Type: "vfat", Label: "CONFIG-2", UUID: "1234-ABCD"}},
		"no label":         {fat16("NO NAME    ", ""), FileSystem{Type: "vfat", UUID: "1234-ABCD"}},
		"fat32":            {fat32("CONFIG-2   "), FileSystem{Type: "vfat", Label: "CONFIG-2", UUID: "0001-0002"}},
	} {
		if got, err := Probe(bytes.NewReader(c.content)); err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

func TestProbeOthers(t *testing.T) {
	id := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	const idText = "01020304-0506-0708-090a-0b0c0d0e0f10"
	put := func(size int, parts map[int][]byte) []byte {
		b := make([]byte, size)
		for at, part := range parts {
			copy(b[at:], part)
		}
		return b
	}
	for _, c := range []struct {
		content []byte
		want    FileSystem
	}{
		{put(4096, map[int][]byte{0: []byte("XFSB"), 32: id, 108: []byte("data")}), FileSystem{Type: "xfs", Label: "data", UUID: idText}},
		{put(66560, map[int][]byte{65600: []byte("_BHRfS_M"), 65568: id, 65835: []byte("b")}), FileSystem{Type: "btrfs", Label: "b", UUID: idText}},
		{put(4096, map[int][]byte{4086: []byte("SWAPSPACE2"), 1036: id, 1052: []byte("swap")}), FileSystem{Type: "swap", Label: "swap", UUID: idText}},
	} {
		if got, err := Probe(bytes.NewReader(c.content)); err != nil || got != c.want {
			t.Errorf("got %+v, %v, want %+v", got, err, c.want)
		}
	}
}

func TestProbeUnknown(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 4096, 1 << 20} {
		if _, err := Probe(bytes.NewReader(make([]byte, size))); !errors.Is(err, ErrUnknown) {
			t.Errorf("%d zero bytes: got %v, want ErrUnknown", size, err)
		}
	}
}

func FuzzProbe(f *testing.F) {
	f.Add(fat16("A          ", "B          "))
	f.Add(fat32("C          "))
	f.Add(make([]byte, 70000))
	f.Fuzz(func(t *testing.T, content []byte) {
		fs, err := Probe(bytes.NewReader(content))
		if err == nil && fs.Type == "" {
			t.Error("a file system without a type")
		}
	})
}
