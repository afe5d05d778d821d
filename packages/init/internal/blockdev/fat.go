package blockdev

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// parseFAT reads the boot sector (Microsoft FAT specification, "Boot Sector and BPB"). The label of the root directory
// counts before the boot sector's copy, which tools leave stale.
func parseFAT(b []byte, r io.ReaderAt) (FileSystem, bool) {
	le := binary.LittleEndian
	sectorSize, clusterSectors := int64(le.Uint16(b[11:])), int64(b[13])
	reserved, fats := int64(le.Uint16(b[14:])), int64(b[16])
	if b[510] != 0x55 || b[511] != 0xAA || !isPowerOfTwo(sectorSize, 512, 4096) || !isPowerOfTwo(clusterSectors, 1, 128) ||
		reserved == 0 || fats == 0 || fats > 4 {
		return FileSystem{}, false
	}
	rootEntries, fatSectors := int64(le.Uint16(b[17:])), int64(le.Uint16(b[22:]))
	tail, rootOffset, rootSize := b[36:], (reserved+fats*fatSectors)*sectorSize, rootEntries*32
	if fatSectors == 0 {
		fatSectors = int64(le.Uint32(b[36:]))
		rootCluster := int64(le.Uint32(b[44:]))
		tail = b[64:]
		rootOffset = (reserved + fats*fatSectors + (rootCluster-2)*clusterSectors) * sectorSize
		rootSize = clusterSectors * sectorSize
		if rootCluster < 2 || string(b[82:87]) != "FAT32" {
			return FileSystem{}, false
		}
	} else if string(b[54:57]) != "FAT" {
		return FileSystem{}, false
	}
	serial := le.Uint32(tail[3:])
	fs := FileSystem{Type: "vfat", UUID: fmt.Sprintf("%04X-%04X", serial>>16, serial&0xFFFF)}
	fs.Label = fatRootLabel(r, rootOffset, rootSize)
	if boot := strings.TrimRight(string(tail[7:18]), " \x00"); fs.Label == "" && boot != "NO NAME" {
		fs.Label = boot
	}
	return fs, true
}

// fatRootLabel returns the name of the volume entry in the root directory, or nothing.
func fatRootLabel(r io.ReaderAt, offset, size int64) string {
	const volumeID, longName, deleted = 0x08, 0x0F, 0xE5
	dir := make([]byte, size)
	n, _ := r.ReadAt(dir, offset) // a directory cut short only has no label
	for entry := dir[:n]; len(entry) >= 32 && entry[0] != 0; entry = entry[32:] {
		if attributes := entry[11]; entry[0] != deleted && attributes&longName != longName && attributes&volumeID != 0 {
			return strings.TrimRight(string(entry[:11]), " ")
		}
	}
	return ""
}

func isPowerOfTwo(n, low, high int64) bool {
	return n >= low && n <= high && n&(n-1) == 0
}
