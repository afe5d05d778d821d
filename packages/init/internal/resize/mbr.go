package resize

import (
	"errors"
	"fmt"
)

// The MBR's partition table, by offsets.
const (
	mbrSize      = 512
	mbrTable     = 446
	mbrEntrySize = 16
	mbrSignature = 510
	mbrType      = 4
	mbrStart     = 8
	mbrSectors   = 12
	mbrLimit     = 0xffffffff
)

// extended are the types of partitions that have others in them.
var extended = map[byte]bool{0x05: true, 0x0f: true, 0x85: true}

type mbr struct{ sector []byte }

// readMBR reads a table of primary partitions; nil when the disk has none.
func readMBR(disk Disk) (*mbr, error) {
	sector := make([]byte, mbrSize)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return nil, fmt.Errorf("reading the MBR: %w", err)
	}
	if sector[mbrSignature] != 0x55 || sector[mbrSignature+1] != 0xaa {
		return nil, nil
	}
	for at := mbrTable; at < mbrSignature; at += mbrEntrySize {
		// A boot sector of a file system ends with the signature too, but has no flags here.
		if sector[at] != 0 && sector[at] != 0x80 {
			return nil, nil
		}
	}
	return &mbr{sector}, nil
}

func (m *mbr) last() (Partition, error) {
	var found Partition
	for number := 1; number <= 4; number++ {
		entry := m.sector[mbrTable+(number-1)*mbrEntrySize:]
		start, sectors := uint64(le.Uint32(entry[mbrStart:])), uint64(le.Uint32(entry[mbrSectors:]))
		if entry[mbrType] != 0 && sectors > 0 && start+sectors > found.Start+found.Sectors {
			found = Partition{Number: number, Start: start, Sectors: sectors}
		}
	}
	if found.Number == 0 {
		return found, errors.New("the MBR has no partition")
	}
	if extended[m.sector[mbrTable+(found.Number-1)*mbrEntrySize+mbrType]] {
		return found, errors.New("the last partition has others in it, it is left as it is")
	}
	return found, nil
}

func (m *mbr) grow(disk Disk, sector int64, partition *Partition, sectors uint64) error {
	end := alignedEnd(min(sectors, mbrLimit), sector)
	if end <= partition.Start+partition.Sectors {
		return nil
	}
	partition.Sectors = end - partition.Start
	le.PutUint32(m.sector[mbrTable+(partition.Number-1)*mbrEntrySize+mbrSectors:], uint32(partition.Sectors))
	if _, err := disk.WriteAt(m.sector, 0); err != nil {
		return fmt.Errorf("writing the MBR: %w", err)
	}
	return disk.Sync()
}
