package switchroot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// removeInitramfs deletes everything on the file system of a directory and nothing on any other.
func removeInitramfs(top string) error {
	var stat unix.Stat_t
	if err := unix.Stat(top, &stat); err != nil {
		return fmt.Errorf("looking at the initramfs: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(top, &fs); err != nil {
		return fmt.Errorf("looking at the initramfs: %w", err)
	}
	if fs.Type != unix.TMPFS_MAGIC && fs.Type != unix.RAMFS_MAGIC {
		return fmt.Errorf("the first root is no initramfs (file system type %#x), it is not deleted", fs.Type)
	}
	return removeOn(top, stat.Dev)
}

func removeOn(dir string, device uint64) error {
	entries, err := os.ReadDir(dir)
	failures := []error{err}
	for _, entry := range entries {
		path := dir + "/" + entry.Name()
		var stat unix.Stat_t
		if err := unix.Lstat(path, &stat); err != nil {
			failures = append(failures, err)
			continue
		}
		if stat.Dev != device {
			continue
		}
		if entry.IsDir() {
			failures = append(failures, removeOn(path, device))
		}
		// A directory that another file system is mounted on stays.
		if err := os.Remove(path); err != nil && !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOTEMPTY) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// clear empties a directory.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("emptying %s: %w", dir, err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("emptying %s: %w", dir, err)
		}
	}
	return nil
}
