package switchroot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// previousName is a link to the tree that ran before the present version, to go back to.
const previousName = "usr.previous"

// Prune deletes the usr trees of a root but the one that is linked and the one before it, and what an interrupted copy left.
// A root whose usr is no link, as it is in memory, is left alone. It returns the names of the trees that are gone.
func Prune(root string) ([]string, error) {
	current, err := os.Readlink(filepath.Join(root, linkName))
	if err != nil {
		return nil, nil
	}
	kept := map[string]bool{current: true}
	if previous, err := os.Readlink(filepath.Join(root, previousName)); err == nil {
		kept[previous] = true
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var gone []string
	var failures []error
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || !strings.HasPrefix(name, "usr-") || kept[name] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			failures = append(failures, err)
			continue
		}
		gone = append(gone, name)
	}
	return gone, errors.Join(failures...)
}

// MakeRoom gives up the tree before the one that is linked, and what an interrupted copy left, so that a full disk can take a
// new version. It says whether there was anything.
func MakeRoom(root string) bool {
	err := os.Remove(filepath.Join(root, previousName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false
	}
	gone, _ := Prune(root) // what could not be deleted shows in the copy that follows
	return len(gone) > 0
}
