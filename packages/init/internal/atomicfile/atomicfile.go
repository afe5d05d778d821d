// Package atomicfile replaces files so that a reader, or a machine that loses power, sees the old or the new content.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Owner is the owner of a new file; nil leaves it to the caller of the system.
type Owner struct{ UID, GID int }

// Write puts content under path with exactly this mode, by a temporary file in the same directory, fsync and rename.
// The directory must exist. A file that is a mount point, as /etc/hosts and /etc/resolv.conf are in containers, can not be
// renamed over: it is written in place and keeps its mode and owner.
func Write(path string, content []byte, mode os.FileMode, owner *Owner) (err error) {
	directory := filepath.Dir(path)
	file, err := os.CreateTemp(directory, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("replacing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
			err = fmt.Errorf("replacing %s: %w", path, err)
		}
	}()
	if _, err = file.Write(content); err != nil {
		return err
	}
	if owner != nil {
		if err = file.Chown(owner.UID, owner.GID); err != nil {
			return err
		}
	}
	// After chown, which clears the set-id bits.
	if err = file.Chmod(mode); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	err = os.Rename(file.Name(), path)
	if errors.Is(err, syscall.EBUSY) {
		_ = os.Remove(file.Name())
		return overwrite(path, content)
	}
	if err != nil {
		return err
	}
	return syncDirectory(directory)
}

func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}
