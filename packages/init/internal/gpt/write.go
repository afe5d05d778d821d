package gpt

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Disk is what a table is written to.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	// Sync returns when everything written before is on the medium.
	Sync() error
}

// Write puts a table on a disk of so many bytes: the copy at the end first, then the entries in front, then the header in front. A reader
// finds the old table or the new one, whichever write was the last that reached the disk: while the first copy does not fit together,
// the one at the end is whole. The MBR is left as it is.
func (t *Table) Write(disk Disk, size int64) error {
	if err := t.check(size); err != nil {
		return err
	}
	last := uint64(size/SectorSize) - 1
	entries := make([]byte, tableSize)
	for i, part := range t.Partitions {
		part.encode(entries[i*entrySize:])
	}
	for _, piece := range []struct {
		sector uint64
		bytes  []byte
	}{
		{last - tableSectors, append(entries[:tableSize:tableSize], t.header(entries, last, 1, last-tableSectors, last)...)},
		{2, entries},
		{1, t.header(entries, 1, last, 2, last)},
	} {
		if _, err := disk.WriteAt(piece.bytes, int64(piece.sector)*SectorSize); err != nil {
			return fmt.Errorf("writing the partition table: %w", err)
		}
		if err := disk.Sync(); err != nil {
			return fmt.Errorf("writing the partition table: %w", err)
		}
	}
	return nil
}

func (t *Table) header(entries []byte, own, other, at, last uint64) []byte {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b, signature)
	le.PutUint32(b[8:], 0x0001_0000)
	le.PutUint32(b[12:], headerSize)
	le.PutUint64(b[24:], own)
	le.PutUint64(b[32:], other)
	le.PutUint64(b[40:], firstUsable)
	le.PutUint64(b[48:], last-1-tableSectors)
	copy(b[56:], t.ID[:])
	le.PutUint64(b[72:], at)
	le.PutUint32(b[80:], entryCount)
	le.PutUint32(b[84:], entrySize)
	le.PutUint32(b[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:headerSize]))
	return b
}

func (t *Table) check(size int64) error {
	if size/SectorSize < minDisk {
		return fmt.Errorf("a disk of %d bytes has no room for a partition table", size)
	}
	for i, part := range t.Partitions {
		if part.Type != (GUID{}) && (part.First < firstUsable || part.Last < part.First || part.Last > LastUsable(size)) {
			return fmt.Errorf("partition %d, sectors %d to %d, does not fit on a disk of %d bytes", i+1, part.First, part.Last, size)
		}
	}
	return nil
}

// ProtectiveMBR is the first sector of a disk with a table, with code that the BIOS starts.
func ProtectiveMBR(size int64, bootCode []byte) ([]byte, error) {
	if len(bootCode) > bootCodeSize {
		return nil, fmt.Errorf("boot code of %d bytes, the MBR has room for %d", len(bootCode), bootCodeSize)
	}
	b := make([]byte, SectorSize)
	copy(b, bootCode)
	le := binary.LittleEndian
	entry := b[446:]
	// From the second sector to the last, as far as these numbers reach.
	copy(entry, []byte{0, 0, 2, 0, protective, 0xff, 0xff, 0xff})
	le.PutUint32(entry[8:], 1)
	le.PutUint32(entry[12:], uint32(min(uint64(size/SectorSize)-1, maxMBRSectors)))
	b[510], b[511] = 0x55, 0xAA
	return b, nil
}

// NewGUID draws one by chance (RFC 9562, §5.4).
func NewGUID() GUID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return swap(b)
}
