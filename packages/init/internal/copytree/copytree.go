// Package copytree copies trees of files as they are.
package copytree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Copier copies trees with owners, modes, times and devices. Names of one file stay names of one file, in all trees that one
// copier copies: docker counts the size of a layer by files.
type Copier struct {
	// Move deletes what was copied, because both are in memory.
	Move bool
	// Skip leaves out what it says true for; nil copies everything.
	Skip func(path string) bool

	buffer []byte
	// names are the copies of files that have several, by inode of the source.
	names map[uint64]string
}

// Tree copies what is at source to target, which must not be there.
func (c *Copier) Tree(source, target string) error {
	if c.buffer == nil {
		c.buffer, c.names = make([]byte, 1<<20), map[uint64]string{}
	}
	return c.tree(source, target)
}

func (c *Copier) tree(source, target string) error {
	if c.Skip != nil && c.Skip(source) {
		return nil
	}
	info, err := os.Lstat(source)
	if err != nil {
		return err
	}
	stat := info.Sys().(*syscall.Stat_t)
	if info.IsDir() {
		if err := c.directory(source, target); err != nil {
			return err
		}
	} else if first, known := c.names[stat.Ino]; known {
		if err := os.Link(first, target); err != nil {
			return err
		}
	} else {
		if err := c.node(source, target, stat); err != nil {
			return fmt.Errorf("copying %s: %w", source, err)
		}
		if stat.Nlink > 1 {
			c.names[stat.Ino] = target
		}
	}
	if err := attributes(target, stat); err != nil {
		return err
	}
	if c.Move && !info.IsDir() {
		return os.Remove(source)
	}
	return nil
}

func (c *Copier) directory(source, target string) error {
	if err := os.Mkdir(target, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := c.tree(filepath.Join(source, entry.Name()), filepath.Join(target, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (c *Copier) node(source, target string, stat *syscall.Stat_t) error {
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return c.content(source, target)
	case unix.S_IFLNK:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(link, target)
	}
	return unix.Mknod(target, stat.Mode, int(stat.Rdev))
}

func (c *Copier) content(source, target string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for {
		n, err := in.Read(c.buffer)
		if n > 0 {
			if _, err := out.Write(c.buffer[:n]); err != nil {
				return errors.Join(err, out.Close())
			}
		}
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return errors.Join(err, out.Close())
		}
	}
}

func attributes(target string, stat *syscall.Stat_t) error {
	if err := os.Lchown(target, int(stat.Uid), int(stat.Gid)); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFLNK {
		// After chown, which clears the set-id bits.
		if err := unix.Chmod(target, stat.Mode&0o7777); err != nil {
			return err
		}
	}
	times := []unix.Timespec{
		{Sec: stat.Atim.Sec, Nsec: stat.Atim.Nsec},
		{Sec: stat.Mtim.Sec, Nsec: stat.Mtim.Nsec},
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, target, times, unix.AT_SYMLINK_NOFOLLOW)
}
