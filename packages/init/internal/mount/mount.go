// Package mount holds the file systems that a machine needs before anything else, as a table.
package mount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Mount is one row: what is mounted where, and how.
type Mount struct {
	Source, Target, Type string
	Flags                uintptr
	Options              string
	// Mode is the mode of the target directory when it has to be made.
	Mode os.FileMode
}

const noExec = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// Kernel are the kernel's own file systems and the volatile ones, parents first.
var Kernel = []Mount{
	{"devtmpfs", "/dev", "devtmpfs", unix.MS_NOSUID, "mode=0755", 0o755},
	{"devpts", "/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5", 0o755},
	{"shm", "/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777", 0o1777},
	{"mqueue", "/dev/mqueue", "mqueue", noExec, "", 0o755},
	{"proc", "/proc", "proc", noExec, "", 0o555},
	{"sysfs", "/sys", "sysfs", noExec, "", 0o555},
	{"run", "/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755", 0o755},
}

// Apply makes the target below root and mounts on it. A target that has this type mounted already is left alone.
func (m Mount) Apply(root string) error {
	target := filepath.Join(root, m.Target)
	if err := os.MkdirAll(target, m.Mode.Perm()); err != nil {
		return fmt.Errorf("making %s: %w", target, err)
	}
	if mounted, err := isMounted(target, m.Type); err == nil && mounted {
		return nil
	}
	if err := unix.Mount(m.Source, target, m.Type, m.Flags, m.Options); err != nil {
		return fmt.Errorf("mounting %s (%s) on %s: %w", m.Source, m.Type, target, err)
	}
	return nil
}

// isMounted reads the mount table; before /proc is there nothing is known to be mounted.
func isMounted(target, fsType string) (bool, error) {
	table, err := Table()
	if err != nil {
		return false, err
	}
	for _, entry := range table {
		if entry.Target == target && entry.Type == fsType {
			return true, nil
		}
	}
	return false, nil
}

// ApplyAll mounts every row and returns all failures together.
func ApplyAll(root string, table []Mount) error {
	var failures []error
	for _, row := range table {
		failures = append(failures, row.Apply(root))
	}
	return errors.Join(failures...)
}

// Entry is a line of the mount table.
type Entry struct {
	Target, Type, Source string
}

// Table reads /proc/self/mountinfo, in the order of mounting.
func Table() ([]Entry, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mount table: %w", err)
	}
	return parseTable(string(text)), nil
}

// parseTable reads mountinfo (proc(5)): optional fields end with a lone dash.
func parseTable(text string) []Entry {
	var table []Entry
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for _, line := range strings.Split(text, "\n") {
		before, after, found := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !found || len(left) < 6 || len(right) < 2 {
			continue
		}
		table = append(table, Entry{Target: unescape.Replace(left[4]), Type: right[0], Source: unescape.Replace(right[1])})
	}
	return table
}
