// Package blockdev finds block devices by what is written on them: the label or UUID of a file system, or the identity
// of a partition.
package blockdev

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrUnknown means that none of the known file systems was recognised.
var ErrUnknown = errors.New("no known file system")

// FileSystem is what a superblock says about itself.
type FileSystem struct {
	// Type is the name that mount(2) takes (ext4, iso9660, vfat …), or swap.
	Type  string
	Label string
	// UUID is written as blkid writes it: 1234-ABCD for FAT, the creation time for ISO 9660.
	UUID string
	// Unclean means that the file system should be checked before it is mounted. Only ext sets it.
	Unclean bool
}

type superblock struct {
	offset int64
	size   int
	// parse returns false when the block is not of this kind.
	parse func(b []byte, r io.ReaderAt) (FileSystem, bool)
}

// Order matters where an old superblock can survive the formatting with another file system: the strict ones first.
var superblocks = []superblock{
	{0, 512, parseXFS},
	{1024, 1024, parseExt},
	{64 * 1024, 1024, parseBtrfs},
	{4096 - swapMagicSize, swapMagicSize, parseSwap},
	{32 * 1024, 2048, parseISO},
	{0, 512, parseFAT},
}

// Probe recognises the file system at the start of r. The error is ErrUnknown when there is none that it knows.
func Probe(r io.ReaderAt) (FileSystem, error) {
	for _, s := range superblocks {
		b := make([]byte, s.size)
		n, err := r.ReadAt(b, s.offset)
		if n < s.size {
			if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				continue
			}
			return FileSystem{}, fmt.Errorf("reading %d bytes at %d: %w", s.size, s.offset, err)
		}
		if fs, ok := s.parse(b, r); ok {
			return fs, nil
		}
	}
	return FileSystem{}, ErrUnknown
}

// parseXFS reads the first superblock (XFS Algorithms & Data Structures, "Superblocks").
func parseXFS(b []byte, _ io.ReaderAt) (FileSystem, bool) {
	if string(b[:4]) != "XFSB" {
		return FileSystem{}, false
	}
	return FileSystem{Type: "xfs", Label: cString(b[108:120]), UUID: uuid(b[32:48])}, true
}

// parseBtrfs reads the primary superblock at 64 KiB.
func parseBtrfs(b []byte, _ io.ReaderAt) (FileSystem, bool) {
	if string(b[64:72]) != "_BHRfS_M" {
		return FileSystem{}, false
	}
	return FileSystem{Type: "btrfs", Label: cString(b[299:555]), UUID: uuid(b[32:48])}, true
}

const swapMagicSize = 10

// parseSwap recognises a swap area made for pages of 4 KiB; its header is at 1024, its magic at the page's end.
func parseSwap(b []byte, r io.ReaderAt) (FileSystem, bool) {
	if string(b) != "SWAPSPACE2" {
		return FileSystem{}, false
	}
	head := make([]byte, 44)
	if _, err := r.ReadAt(head, 1024); err != nil {
		return FileSystem{}, false
	}
	return FileSystem{Type: "swap", UUID: uuid(head[12:28]), Label: cString(head[28:44])}, true
}

// parseISO reads the primary volume descriptor (ECMA-119 §8.4).
func parseISO(b []byte, _ io.ReaderAt) (FileSystem, bool) {
	if b[0] != 1 || string(b[1:6]) != "CD001" {
		return FileSystem{}, false
	}
	fs := FileSystem{Type: "iso9660", Label: strings.TrimRight(string(b[40:72]), " \x00")}
	// The modification time when it is set, else the creation time, both as 16 digits.
	for _, at := range []int{830, 813} {
		if d := string(b[at : at+16]); isDigits(d) && strings.Trim(d, "0") != "" {
			fs.UUID = strings.Join([]string{d[:4], d[4:6], d[6:8], d[8:10], d[10:12], d[12:14], d[14:16]}, "-")
			break
		}
	}
	return fs, true
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

func cString(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

func uuid(b []byte) string {
	if binary.BigEndian.Uint64(b[:8]) == 0 && binary.BigEndian.Uint64(b[8:16]) == 0 {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
