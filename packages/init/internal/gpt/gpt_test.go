package gpt

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const mib = 1 << 20

// memory is a disk that can lose its power: only so many sectors are still written.
type memory struct {
	content []byte
	left    int
}

func (m *memory) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(m.content).ReadAt(b, at)
}
func (m *memory) Sync() error { return nil }
func (m *memory) WriteAt(b []byte, at int64) (int, error) {
	for done := 0; done < len(b); done += SectorSize {
		if m.left == 0 {
			return done, errors.New("no power")
		}
		m.left--
		copy(m.content[int(at)+done:], b[done:done+SectorSize])
	}
	return len(b), nil
}

func sample(size int64) *Table {
	table := &Table{ID: mustGUID("5d2b4f0e-9a37-4c1b-8e55-000000000000")}
	table.Partitions[0] = Partition{Type: TypeESP, ID: mustGUID("5d2b4f0e-9a37-4c1b-8e55-000000000001"), First: 2048, Last: 4095, Attributes: LegacyBIOSBootable, Name: "RANCHER_BOOT"}
	table.Partitions[1] = Partition{Type: TypeLinux, ID: mustGUID("5d2b4f0e-9a37-4c1b-8e55-000000000002"), First: 4096, Last: LastUsable(size), Attributes: Unformatted, Name: "größer"}
	return table
}

func TestWriteAndRead(t *testing.T) {
	const size = 8 * mib
	path := filepath.Join(t.TempDir(), "disk")
	disk, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	if err := disk.Truncate(size); err != nil {
		t.Fatal(err)
	}
	table := sample(size)
	if err := table.Write(disk, size); err != nil {
		t.Fatal(err)
	}
	sector, err := ProtectiveMBR(size, []byte("code"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.WriteAt(sector, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(disk, size); err != nil || !reflect.DeepEqual(got, table) {
		t.Errorf("read %+v, %v", got, err)
	}
	for _, tool := range [][]string{{"sgdisk", "-v", path}, {"sfdisk", "-V", path}} {
		command := exec.Command(tool[0], tool[1:]...)
		command.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
		if command.Err != nil {
			command = exec.Command("/usr/sbin/"+tool[0], tool[1:]...)
		}
		output, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "No problems found") && !strings.Contains(string(output), "No errors detected") {
			t.Errorf("%v: %v: %s", tool, err, output)
		}
	}
}

// Wherever the power goes while a table replaces another, one of the two is there, for readers that look at the end too.
func TestPowerCuts(t *testing.T) {
	const small, size = 8 * mib, 12 * mib
	before := sample(small)
	start := &memory{make([]byte, size), -1}
	if err := before.Write(start, small); err != nil {
		t.Fatal(err)
	}
	after := sample(small)
	if grown, err := after.Stretch(2, size); err != nil || !grown {
		t.Fatal(grown, err)
	}
	cuts := 0
	for writes := 0; ; writes++ {
		disk := &memory{bytes.Clone(start.content), writes}
		err := after.Write(disk, size)
		got, readErr := Read(disk, size)
		if readErr != nil || !reflect.DeepEqual(got, before) && !reflect.DeepEqual(got, after) {
			t.Fatalf("after %d sectors: %+v, %v", writes, got, readErr)
		}
		if err == nil {
			if !reflect.DeepEqual(got, after) {
				t.Error("a whole write leaves the old table")
			}
			break
		}
		cuts++
	}
	if want := 33 + 32 + 1; cuts != want {
		t.Errorf("%d moments, want %d", cuts, want)
	}
}

func TestStretch(t *testing.T) {
	table := sample(8 * mib)
	if grown, err := table.Stretch(2, 8*mib); grown || err != nil {
		t.Errorf("a disk of the same size: %v, %v", grown, err)
	}
	if _, err := table.Stretch(1, 12*mib); err == nil || !strings.Contains(err.Error(), "partition 2 lies behind it") {
		t.Errorf("error %v", err)
	}
	if _, err := table.Stretch(3, 12*mib); err == nil || !strings.Contains(err.Error(), "no partition 3") {
		t.Errorf("error %v", err)
	}
}

func TestRefused(t *testing.T) {
	disk := &memory{make([]byte, mib), -1}
	if err := sample(8*mib).Write(disk, mib); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a partition beyond the end: %v", err)
	}
	if err := new(Table).Write(disk, 30*SectorSize); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("a tiny disk: %v", err)
	}
	if _, err := Read(disk, mib); !errors.Is(err, ErrNone) {
		t.Errorf("an empty disk: %v", err)
	}
	if _, err := ProtectiveMBR(mib, make([]byte, 441)); err == nil {
		t.Error("too much boot code is taken")
	}
	for _, text := range []string{"", "x", "5d2b4f0e-9a37-4c1b-8e55-00000000000", "5d2b4f0e-9a37-4c1b-8e55-00000000000g"} {
		if _, err := ParseGUID(text); err == nil {
			t.Errorf("%q is taken for a GUID", text)
		}
	}
	if text := "5d2b4f0e-9a37-4c1b-8e55-0123456789ab"; mustGUID(text).String() != text {
		t.Errorf("%s becomes %s", text, mustGUID(text))
	}
	if one, other := NewGUID(), NewGUID(); one == other || one.String()[14] != '4' {
		t.Errorf("drawn: %s, %s", one, other)
	}
}

func FuzzRead(f *testing.F) {
	whole := &memory{make([]byte, 64*SectorSize+2*mib), -1}
	if err := sample(2*mib).Write(whole, 2*mib); err == nil {
		f.Fatal("the sample fits where it can not")
	}
	table := &Table{}
	if err := table.Write(whole, int64(len(whole.content))); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.content[SectorSize : 3*SectorSize])
	f.Fuzz(func(t *testing.T, head []byte) {
		content := make([]byte, 64*SectorSize)
		copy(content[SectorSize:], head)
		_, _ = Read(bytes.NewReader(content), int64(len(content)))
	})
}
