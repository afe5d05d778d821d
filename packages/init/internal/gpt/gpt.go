// Package gpt reads, changes and writes GUID partition tables, in an order that leaves a whole table on the disk at every moment.
// Sectors have 512 bytes.
//
// Standard: UEFI 2.10, chapter 5.
package gpt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

const (
	// SectorSize is that of every disk this package knows.
	SectorSize    = 512
	signature     = "EFI PART"
	headerSize    = 92
	entrySize     = 128
	entryCount    = 128
	tableSize     = entrySize * entryCount
	tableSectors  = tableSize / SectorSize
	nameUnits     = 36
	firstUsable   = 2 + tableSectors
	minDisk       = 2*firstUsable + 1
	protective    = 0xEE
	bootCodeSize  = 440
	maxMBRSectors = 1<<32 - 1
)

// GUID is in the byte order of the disk.
type GUID [16]byte

// Types of partitions.
var (
	TypeESP   = mustGUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
	TypeLinux = mustGUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
)

// Attributes of partitions.
const (
	// LegacyBIOSBootable marks the one that code in the MBR starts.
	LegacyBIOSBootable uint64 = 1 << 2
	// Unformatted marks a state partition that ros is to stretch and format at its next boot: a bit that UEFI leaves to the type.
	Unformatted uint64 = 1 << 48
)

// Partition is one entry. Its sectors are counted from 0; Last is its last one.
type Partition struct {
	Type, ID    GUID
	First, Last uint64
	Attributes  uint64
	Name        string
}

// Table is a partition table; an unused entry has the zero value.
type Table struct {
	ID         GUID
	Partitions [entryCount]Partition
}

// ErrNone means that a disk has no partition table of this kind.
var ErrNone = errors.New("no GUID partition table")

// Read gives the table of a disk of so many bytes: the first copy, or the one at the end where the first is damaged.
func Read(disk io.ReaderAt, size int64) (*Table, error) {
	primary, err := readCopy(disk, 1, size)
	if err == nil {
		return primary, nil
	}
	backup, backupErr := readCopy(disk, size/SectorSize-1, size)
	if backupErr == nil {
		return backup, nil
	}
	return nil, err
}

func readCopy(disk io.ReaderAt, sector, size int64) (*Table, error) {
	if sector < 1 || (sector+1)*SectorSize > size {
		return nil, ErrNone
	}
	header := make([]byte, SectorSize)
	if _, err := disk.ReadAt(header, sector*SectorSize); err != nil {
		return nil, fmt.Errorf("reading the partition table: %w", err)
	}
	le := binary.LittleEndian
	length := le.Uint32(header[12:])
	if string(header[:8]) != signature || length < headerSize || length > SectorSize {
		return nil, ErrNone
	}
	sum := le.Uint32(header[16:])
	blank := bytes.Clone(header[:length])
	clear(blank[16:20])
	if crc32.ChecksumIEEE(blank) != sum || le.Uint64(header[24:]) != uint64(sector) {
		return nil, fmt.Errorf("%w: its header is damaged", ErrNone)
	}
	at, count, each := le.Uint64(header[72:]), le.Uint32(header[80:]), le.Uint32(header[84:])
	if count > entryCount || each != entrySize || at > uint64(size)/SectorSize-uint64(count*each/SectorSize) {
		return nil, fmt.Errorf("%w: %d entries of %d bytes at sector %d", ErrNone, count, each, at)
	}
	entries := make([]byte, count*each)
	if _, err := disk.ReadAt(entries, int64(at)*SectorSize); err != nil {
		return nil, fmt.Errorf("reading the partition table: %w", err)
	}
	if crc32.ChecksumIEEE(entries) != le.Uint32(header[88:]) {
		return nil, fmt.Errorf("%w: its entries are damaged", ErrNone)
	}
	table := &Table{ID: GUID(header[56:72])}
	for i := range int(count) {
		table.Partitions[i] = decode(entries[i*entrySize:])
	}
	return table, nil
}

func decode(b []byte) Partition {
	le := binary.LittleEndian
	part := Partition{Type: GUID(b[:16]), ID: GUID(b[16:32]), First: le.Uint64(b[32:]), Last: le.Uint64(b[40:]), Attributes: le.Uint64(b[48:])}
	if part.Type == (GUID{}) {
		return Partition{}
	}
	name := make([]uint16, nameUnits)
	for i := range name {
		name[i] = le.Uint16(b[56+2*i:])
	}
	part.Name, _, _ = strings.Cut(string(utf16.Decode(name)), "\x00")
	return part
}

func (p Partition) encode(b []byte) {
	le := binary.LittleEndian
	copy(b, p.Type[:])
	copy(b[16:], p.ID[:])
	le.PutUint64(b[32:], p.First)
	le.PutUint64(b[40:], p.Last)
	le.PutUint64(b[48:], p.Attributes)
	for i, unit := range utf16.Encode([]rune(p.Name)) {
		if i < nameUnits {
			le.PutUint16(b[56+2*i:], unit)
		}
	}
}

// Size is that of the partition in bytes.
func (p Partition) Size() int64 { return int64(p.Last-p.First+1) * SectorSize }

// Offset is where it begins on the disk, in bytes.
func (p Partition) Offset() int64 { return int64(p.First) * SectorSize }

// LastUsable is the last sector that a partition of a disk of so many bytes may have.
func LastUsable(size int64) uint64 { return uint64(size/SectorSize) - firstUsable }

// ParseGUID reads 8-4-4-4-12 hexadecimal digits.
func ParseGUID(text string) (GUID, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 || len(text) != 36 {
		return GUID{}, fmt.Errorf("%q is no GUID", text)
	}
	return swap([16]byte(b)), nil
}

func mustGUID(text string) GUID {
	guid, err := ParseGUID(text)
	if err != nil {
		panic(err)
	}
	return guid
}

// swap turns the order of the digits into that of the disk, and back: the first three groups are little-endian numbers.
func swap(b [16]byte) GUID {
	return GUID{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}

// String is the usual form, in small letters.
func (g GUID) String() string {
	b := swap(g)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
