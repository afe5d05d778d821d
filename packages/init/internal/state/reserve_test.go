package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// freeing has so many bytes free, and more when the reserve is gone.
func freeing(with, without uint64) func(string) (uint64, error) {
	return func(root string) (uint64, error) {
		if _, err := os.Stat(filepath.Join(root, ReserveFile)); err == nil {
			return with, nil
		}
		return without, nil
	}
}

func TestReserve(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, ReserveFile)
	if err := reserve(root, freeing(0, plenty-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("a disk without much room got a reserve")
	}
	for range 2 {
		if err := reserve(root, freeing(0, plenty)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) && !setsSpaceAside(t) {
		t.Skip("this file system can not set space aside")
	}
	if err != nil || info.Size() != reserveSize {
		t.Fatalf("got %+v, %v", info, err)
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
}

func TestMakeRoom(t *testing.T) {
	for _, c := range []struct {
		name          string
		with, without uint64
		gone, fails   bool
	}{
		{"an ordinary disk", full, full, false, false},
		{"a full disk", full - 1, full + reserveSize, true, false},
		{"a full disk whose reserve helps little", 0, least, true, false},
		{"a full disk whose reserve does not help", 0, least - 1, true, true},
	} {
		root := t.TempDir()
		if err := os.WriteFile(filepath.Join(root, ReserveFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		err := makeRoom(root, freeing(c.with, c.without))
		if (err != nil) != c.fails || err != nil && !strings.Contains(err.Error(), "the state disk is full") {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Stat(filepath.Join(root, ReserveFile)); (err != nil) != c.gone {
			t.Errorf("%s: the reserve: %v", c.name, err)
		}
	}
}

// setsSpaceAside asks the file system of temporary files itself, so that a reserve that is missing for another reason is a failure.
func setsSpaceAside(t *testing.T) bool {
	file, err := os.Create(filepath.Join(t.TempDir(), "probe"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return unix.Fallocate(int(file.Fd()), 0, 0, 4096) == nil
}
