package blockdev

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Partition is the identity of one entry of a partition table.
type Partition struct {
	// UUID is written as the kernel writes PARTUUID: a GUID for GPT, <disk signature>-<number> for MBR.
	UUID  string
	Label string
	// Attributes are the bits of a GPT entry.
	Attributes uint64
}

// ReadPartition reads entry number (from 1) of the partition table of a disk with sectors of sectorSize bytes.
func ReadPartition(disk io.ReaderAt, sectorSize int64, number int) (Partition, error) {
	header := make([]byte, 92)
	if _, err := disk.ReadAt(header, sectorSize); err != nil {
		return Partition{}, fmt.Errorf("reading the GPT header: %w", err)
	}
	if string(header[:8]) != "EFI PART" {
		return readMBR(disk, number)
	}
	le := binary.LittleEndian
	table, count, size := le.Uint64(header[72:]), le.Uint32(header[80:]), le.Uint32(header[84:])
	if number < 1 || uint64(number) > uint64(count) || size < 128 || table > 1<<40 {
		return Partition{}, fmt.Errorf("GPT has no entry %d (%d entries of %d bytes at sector %d)", number, count, size, table)
	}
	entry := make([]byte, 128)
	if _, err := disk.ReadAt(entry, int64(table)*sectorSize+int64(number-1)*int64(size)); err != nil {
		return Partition{}, fmt.Errorf("reading GPT entry %d: %w", number, err)
	}
	name := make([]uint16, 36)
	for i := range name {
		name[i] = le.Uint16(entry[56+2*i:])
	}
	label, _, _ := strings.Cut(string(utf16.Decode(name)), "\x00")
	return Partition{UUID: guid(entry[16:32]), Label: label, Attributes: le.Uint64(entry[48:])}, nil
}

func readMBR(disk io.ReaderAt, number int) (Partition, error) {
	sector := make([]byte, 512)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return Partition{}, fmt.Errorf("reading the MBR: %w", err)
	}
	signature := binary.LittleEndian.Uint32(sector[440:])
	if sector[510] != 0x55 || sector[511] != 0xAA || signature == 0 {
		return Partition{}, fmt.Errorf("neither GPT nor an MBR with a disk signature")
	}
	return Partition{UUID: fmt.Sprintf("%08x-%02x", signature, number)}, nil
}

// guid writes a GUID in its mixed byte order (UEFI specification, appendix A).
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}
