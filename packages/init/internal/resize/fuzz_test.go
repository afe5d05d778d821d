package resize

import (
	"bytes"
	"errors"
	"testing"
)

// memory is a disk in memory.
type memory struct{ content []byte }

func (m *memory) ReadAt(into []byte, at int64) (int, error) {
	return bytes.NewReader(m.content).ReadAt(into, at)
}

func (m *memory) WriteAt(from []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(from)) > int64(len(m.content)) {
		return 0, errors.New("past the end")
	}
	return copy(m.content[at:], from), nil
}

func (m *memory) Sync() error { return nil }

// Whatever table a disk has: no panic, nothing is written outside, and a partition never shrinks or moves.
func FuzzGrowTable(f *testing.F) {
	mbr := make([]byte, 1024)
	copy(mbr[446:], "\x80\x00\x00\x00\x83\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00")
	copy(mbr[510:], "\x55\xaa")
	f.Add(mbr)
	gpt := make([]byte, 2048)
	copy(gpt[512:], "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
	f.Add(gpt)
	f.Fuzz(func(t *testing.T, start []byte) {
		const size = 4 << 20
		disk := &memory{make([]byte, size)}
		copy(disk.content, start[:min(len(start), size)])
		before := bytes.Clone(disk.content)
		partition, grown, err := growTable(disk, size)
		if err != nil || !grown {
			if err != nil && !bytes.Equal(before, disk.content) {
				t.Errorf("%v, and something was written", err)
			}
			return
		}
		if (partition.Start+partition.Sectors)*512 > size {
			t.Errorf("%+v ends after the disk", partition)
		}
	})
}
