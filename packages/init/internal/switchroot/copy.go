package switchroot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// CopyTree copies a tree with modes, owners and times; hard links become files of their own. After each file, done is
// called with its path in the source, when it is given.
func CopyTree(source, target string, skip func(path string) bool, done func(path string) error) error {
	buffer := make([]byte, 1<<20)
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if skip != nil && skip(path) {
			return nil
		}
		relative, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if err := copyNode(path, filepath.Join(target, relative), entry, buffer); err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
		if done != nil && !entry.IsDir() {
			return done(path)
		}
		return nil
	})
}

func copyNode(source, target string, entry fs.DirEntry, buffer []byte) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		if err := os.Mkdir(target, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case entry.Type()&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		if err := os.Symlink(link, target); err != nil {
			return err
		}
	case entry.Type().IsRegular():
		if err := copyContent(source, target, buffer); err != nil {
			return err
		}
	default:
		stat := info.Sys().(*syscall.Stat_t)
		if err := unix.Mknod(target, stat.Mode, int(stat.Rdev)); err != nil {
			return err
		}
	}
	return copyAttributes(target, info)
}

func copyAttributes(target string, info fs.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	if err := os.Lchown(target, int(stat.Uid), int(stat.Gid)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	if err := unix.Chmod(target, stat.Mode&0o7777); err != nil {
		return err
	}
	return os.Chtimes(target, info.ModTime(), info.ModTime())
}

func copyContent(source, target string, buffer []byte) error {
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
		n, err := unix.Read(int(in.Fd()), buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return errors.Join(err, out.Close())
		}
		if _, err := out.Write(buffer[:n]); err != nil {
			return errors.Join(err, out.Close())
		}
	}
}
