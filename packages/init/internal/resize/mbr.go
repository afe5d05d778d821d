package resize

import (
	"encoding/binary"
	"errors"
	"fmt"

	"rancheros-kit/init/internal/gpt"
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

var le = binary.LittleEndian

// alignment is what partitions begin and end on, in sectors.
const alignment = (1 << 20) / sector

func growMBR(disk gpt.Disk, size int64) (partition Partition, grown bool, err error) {
	mbr := make([]byte, mbrSize)
	if _, err := disk.ReadAt(mbr, 0); err != nil {
		return partition, false, fmt.Errorf("reading the MBR: %w", err)
	}
	if !isMBR(mbr) {
		return partition, false, nil
	}
	partition, err = lastOfMBR(mbr)
	end := min(uint64(size/sector), mbrLimit) / alignment * alignment
	if err != nil || end <= partition.Start+partition.Sectors {
		return partition, false, err
	}
	partition.Sectors = end - partition.Start
	le.PutUint32(mbr[mbrTable+(partition.Number-1)*mbrEntrySize+mbrSectors:], uint32(partition.Sectors))
	if _, err := disk.WriteAt(mbr, 0); err != nil {
		return partition, false, fmt.Errorf("writing the MBR: %w", err)
	}
	return partition, true, disk.Sync()
}

func isMBR(sector []byte) bool {
	if sector[mbrSignature] != 0x55 || sector[mbrSignature+1] != 0xaa {
		return false
	}
	for at := mbrTable; at < mbrSignature; at += mbrEntrySize {
		// A boot sector of a file system ends with the signature too, but has no flags here.
		if sector[at] != 0 && sector[at] != 0x80 {
			return false
		}
	}
	return true
}

func lastOfMBR(mbr []byte) (Partition, error) {
	var found Partition
	for number := 1; number <= 4; number++ {
		entry := mbr[mbrTable+(number-1)*mbrEntrySize:]
		start, sectors := uint64(le.Uint32(entry[mbrStart:])), uint64(le.Uint32(entry[mbrSectors:]))
		if entry[mbrType] != 0 && sectors > 0 && start+sectors > found.Start+found.Sectors {
			found = Partition{Number: number, Start: start, Sectors: sectors}
		}
	}
	if found.Number == 0 {
		return found, errors.New("the MBR has no partition")
	}
	if extended[mbr[mbrTable+(found.Number-1)*mbrEntrySize+mbrType]] {
		return found, errors.New("the last partition has others in it, it is left as it is")
	}
	return found, nil
}
