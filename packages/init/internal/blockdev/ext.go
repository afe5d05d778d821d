package blockdev

import (
	"encoding/binary"
	"io"
)

// Offsets in the ext superblock (kernel documentation, filesystems/ext4/super.rst).
const (
	extMountCount    = 0x34
	extMaxMountCount = 0x36
	extMagic         = 0x38
	extState         = 0x3A
	extCompat        = 0x5C
	extIncompat      = 0x60
	extROCompat      = 0x64
	extUUID          = 0x68
	extLabel         = 0x78
)

const (
	extStateClean      = 1 << 0
	extStateErrors     = 1 << 1
	compatHasJournal   = 1 << 2
	incompatRecover    = 1 << 2
	incompatJournalDev = 1 << 3
	// What ext3 knows: FILETYPE, RECOVER, META_BG; SPARSE_SUPER, LARGE_FILE, BTREE_DIR. Anything beyond makes it ext4.
	incompatExt3 = 1<<1 | 1<<2 | 1<<4
	roCompatExt3 = 1<<0 | 1<<1 | 1<<2
)

func parseExt(b []byte, _ io.ReaderAt) (FileSystem, bool) {
	le := binary.LittleEndian
	if le.Uint16(b[extMagic:]) != 0xEF53 {
		return FileSystem{}, false
	}
	compat, incompat, roCompat := le.Uint32(b[extCompat:]), le.Uint32(b[extIncompat:]), le.Uint32(b[extROCompat:])
	if incompat&incompatJournalDev != 0 {
		return FileSystem{}, false
	}
	fs := FileSystem{Type: "ext2", Label: cString(b[extLabel : extLabel+16]), UUID: uuid(b[extUUID : extUUID+16])}
	switch {
	case incompat&^incompatExt3 != 0 || roCompat&^roCompatExt3 != 0:
		fs.Type = "ext4"
	case compat&compatHasJournal != 0:
		fs.Type = "ext3"
	}
	state := le.Uint16(b[extState:])
	count, limit := le.Uint16(b[extMountCount:]), int16(le.Uint16(b[extMaxMountCount:]))
	fs.Unclean = state&extStateClean == 0 || state&extStateErrors != 0 || incompat&incompatRecover != 0 ||
		limit > 0 && int(count) >= int(limit)
	return fs, true
}
