// Package atomicfile replaces files so that a reader, or a machine that loses power, sees the old or the new content.
package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// Owner is the owner of a new file; nil leaves it to the caller of the system.
type Owner struct{ UID, GID int }

// Write puts content under path with exactly this mode, by a temporary file in the same directory, fsync and rename.
// The directory must exist.
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
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDirectory(directory)
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}
