package resize

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The GPT header (UEFI specification, 5.3.2) and what of it is used here, by offsets.
const (
	gptSignature   = "EFI PART"
	headerSize     = 12
	headerCRC      = 16
	myLBA          = 24
	alternateLBA   = 32
	lastUsableLBA  = 48
	entriesLBA     = 72
	entryCount     = 80
	entrySize      = 84
	entriesCRC     = 88
	minHeaderSize  = 92
	maxEntries     = 4096
	entryFirstLBA  = 32
	entryLastLBA   = 40
	minEntrySize   = 128
	protectiveType = 0xee
)

var le = binary.LittleEndian

// gpt is a partition table in memory: one sector of header, and the entries.
type gpt struct{ header, entries []byte }

// readGPT reads the primary table; nil when the disk has none. A table whose sums are wrong is an error.
func readGPT(disk io.ReaderAt, sector int64) (*gpt, error) {
	header := make([]byte, sector)
	if _, err := disk.ReadAt(header, sector); err != nil {
		return nil, fmt.Errorf("reading the GPT header: %w", err)
	}
	if string(header[:8]) != gptSignature {
		return nil, nil
	}
	length := int64(le.Uint32(header[headerSize:]))
	if length < minHeaderSize || length > sector {
		return nil, fmt.Errorf("the GPT header says that it has %d bytes", length)
	}
	count, size := int64(le.Uint32(header[entryCount:])), int64(le.Uint32(header[entrySize:]))
	if count < 1 || count > maxEntries || size < minEntrySize || size > sector || le.Uint64(header[entriesLBA:]) > 1<<40 {
		return nil, fmt.Errorf("the GPT has %d entries of %d bytes", count, size)
	}
	table := &gpt{header: header, entries: make([]byte, count*size)}
	if _, err := disk.ReadAt(table.entries, int64(le.Uint64(header[entriesLBA:]))*sector); err != nil {
		return nil, fmt.Errorf("reading the entries of the GPT: %w", err)
	}
	if table.sum() != le.Uint32(header[headerCRC:]) || crc32.ChecksumIEEE(table.entries) != le.Uint32(header[entriesCRC:]) {
		return nil, errors.New("the sums of the GPT are wrong, it is left as it is")
	}
	return table, nil
}

func (t *gpt) sum() uint32 {
	header := bytes.Clone(t.header[:le.Uint32(t.header[headerSize:])])
	le.PutUint32(header[headerCRC:], 0)
	return crc32.ChecksumIEEE(header)
}

// last is the partition that ends last.
func (t *gpt) last() (Partition, error) {
	size := int(le.Uint32(t.header[entrySize:]))
	var found Partition
	for at := 0; (at+1)*size <= len(t.entries); at++ {
		entry := t.entries[at*size:]
		first, end := le.Uint64(entry[entryFirstLBA:]), le.Uint64(entry[entryLastLBA:])
		if !bytes.Equal(entry[:16], make([]byte, 16)) && end >= first && end-first+1+first > found.Start+found.Sectors {
			found = Partition{Number: at + 1, Start: first, Sectors: end - first + 1}
		}
	}
	if found.Number == 0 {
		return found, errors.New("the GPT has no partition")
	}
	return found, nil
}

// grow makes a partition end where the table's copy at the end of the disk begins, which moves there. The copy is written
// first: whatever ends this, one of the two tables is whole.
func (t *gpt) grow(disk Disk, sector int64, partition *Partition, sectors uint64) error {
	tableSectors := uint64((int64(len(t.entries)) + sector - 1) / sector)
	lastUsable := sectors - 2 - tableSectors
	end := alignedEnd(lastUsable+1, sector)
	if end <= partition.Start+partition.Sectors {
		return nil
	}
	partition.Sectors = end - partition.Start
	size := int(le.Uint32(t.header[entrySize:]))
	le.PutUint64(t.entries[(partition.Number-1)*size+entryLastLBA:], end-1)
	primaryEntries := le.Uint64(t.header[entriesLBA:])
	backup := &gpt{header: bytes.Clone(t.header), entries: t.entries}
	for _, copy := range []struct {
		table                   *gpt
		own, other, entriesFrom uint64
	}{{backup, sectors - 1, 1, lastUsable + 1}, {t, 1, sectors - 1, primaryEntries}} {
		header := copy.table.header
		le.PutUint64(header[myLBA:], copy.own)
		le.PutUint64(header[alternateLBA:], copy.other)
		le.PutUint64(header[lastUsableLBA:], lastUsable)
		le.PutUint64(header[entriesLBA:], copy.entriesFrom)
		le.PutUint32(header[entriesCRC:], crc32.ChecksumIEEE(copy.table.entries))
		le.PutUint32(header[headerCRC:], copy.table.sum())
		if _, err := disk.WriteAt(copy.table.entries, int64(copy.entriesFrom)*sector); err != nil {
			return fmt.Errorf("writing the GPT: %w", err)
		}
		if _, err := disk.WriteAt(header, int64(copy.own)*sector); err != nil {
			return fmt.Errorf("writing the GPT: %w", err)
		}
		if err := disk.Sync(); err != nil {
			return fmt.Errorf("writing the GPT: %w", err)
		}
	}
	return t.protect(disk, sectors)
}

// protect makes the protective MBR cover the whole disk (5.2.3).
func (t *gpt) protect(disk Disk, sectors uint64) error {
	mbr := make([]byte, mbrSize)
	if _, err := disk.ReadAt(mbr, 0); err != nil {
		return fmt.Errorf("reading the MBR: %w", err)
	}
	for at := mbrTable; at < mbrSignature; at += mbrEntrySize {
		if mbr[at+mbrType] == protectiveType {
			le.PutUint32(mbr[at+mbrSectors:], uint32(min(sectors-1, 0xffffffff)))
		}
	}
	if _, err := disk.WriteAt(mbr, 0); err != nil {
		return fmt.Errorf("writing the MBR: %w", err)
	}
	return disk.Sync()
}
