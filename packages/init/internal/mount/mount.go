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

// Links are the symbolic links of a merged /usr and of /run, and the devices' usual ones: name, then content.
var Links = [][2]string{
	{"/bin", "usr/bin"},
	{"/sbin", "usr/sbin"},
	{"/lib", "usr/lib"},
	{"/lib64", "usr/lib64"},
	{"/var/run", "../run"},
	{"/var/lock", "../run/lock"},
	{"/etc/mtab", "../proc/self/mounts"},
}

// DeviceLinks are the links of /dev that devtmpfs does not make.
var DeviceLinks = [][2]string{
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
}

// Dirs are the directories of a root, with their modes.
var Dirs = []struct {
	Path string
	Mode os.FileMode
}{
	{"/dev", 0o755}, {"/proc", 0o555}, {"/sys", 0o555}, {"/run", 0o755},
	{"/etc", 0o755}, {"/home", 0o755}, {"/media", 0o755}, {"/mnt", 0o755}, {"/opt", 0o755}, {"/root", 0o700},
	{"/tmp", 0o777 | os.ModeSticky}, {"/var", 0o755}, {"/var/cache", 0o755}, {"/var/lib", 0o755},
	{"/var/lib/docker", 0o711}, {"/var/lib/system-docker", 0o711},
	{"/var/lib/rancher", 0o755}, {"/var/lib/rancher/conf", 0o755}, {"/var/lib/rancher/conf/cloud-config.d", 0o755},
	{"/var/log", 0o755}, {"/var/tmp", 0o777 | os.ModeSticky},
}

// MakeRoot makes the directories and links of a root where they are missing. A directory or file in a link's place is
// an error: without these links no program of /usr can run.
func MakeRoot(root string) error {
	for _, dir := range Dirs {
		path := filepath.Join(root, dir.Path)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.MkdirAll(path, dir.Mode.Perm()); err != nil {
			return fmt.Errorf("making %s: %w", path, err)
		}
		// The mode of MkdirAll is cut by the umask and has no sticky bit.
		if err := os.Chmod(path, dir.Mode); err != nil {
			return fmt.Errorf("setting the mode of %s: %w", path, err)
		}
	}
	return MakeLinks(root, Links)
}

// MakeLinks makes links below root where nothing is.
func MakeLinks(root string, links [][2]string) error {
	for _, link := range links {
		path := filepath.Join(root, link[0])
		if info, err := os.Lstat(path); err == nil {
			if info.Mode()&os.ModeSymlink == 0 {
				return fmt.Errorf("%s must be a symbolic link to %s, but something else is there", path, link[1])
			}
			continue
		}
		if err := os.Symlink(link[1], path); err != nil {
			return fmt.Errorf("linking %s: %w", path, err)
		}
	}
	return nil
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
