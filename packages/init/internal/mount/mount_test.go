package mount

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestKernelTable(t *testing.T) {
	flags := map[string]uintptr{
		"/dev":        unix.MS_NOSUID,
		"/dev/pts":    unix.MS_NOSUID | unix.MS_NOEXEC,
		"/dev/shm":    unix.MS_NOSUID | unix.MS_NODEV,
		"/dev/mqueue": unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC,
		"/proc":       unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC,
		"/sys":        unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC,
		"/run":        unix.MS_NOSUID | unix.MS_NODEV,
	}
	var seen []string
	for _, row := range Kernel {
		want, known := flags[row.Target]
		if !known || row.Flags != want {
			t.Errorf("%s: flags %#x, want %#x", row.Target, row.Flags, want)
		}
		if parent := filepath.Dir(row.Target); parent != "/" && !slices.Contains(seen, parent) {
			t.Errorf("%s comes before %s", row.Target, parent)
		}
		if row.Mode == 0 || row.Type == "" || row.Source == "" {
			t.Errorf("%s: an empty column: %+v", row.Target, row)
		}
		seen = append(seen, row.Target)
	}
	if len(seen) != len(flags) {
		t.Errorf("%d rows, want %d", len(seen), len(flags))
	}
}

func TestMakeRoot(t *testing.T) {
	root := t.TempDir()
	for range 2 { // the second time everything is there
		if err := MakeRoot(root); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range Dirs {
		info, err := os.Lstat(filepath.Join(root, dir.Path))
		if err != nil || !info.IsDir() || info.Mode()&^os.ModeDir != dir.Mode {
			t.Errorf("%s: %v, %v, want mode %v", dir.Path, info, err, dir.Mode)
		}
	}
	for _, link := range Links {
		if got, err := os.Readlink(filepath.Join(root, link[0])); err != nil || got != link[1] {
			t.Errorf("%s -> %q, %v, want %q", link[0], got, err, link[1])
		}
	}
}

func TestMakeRootKeepsModes(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := MakeRoot(root); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, "home")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("home: %v, %v", info.Mode(), err)
	}
}

func TestMakeRootRefusesDirectoryForLink(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "lib64"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := MakeRoot(root); err == nil || !strings.Contains(err.Error(), "lib64 must be a symbolic link to usr/lib64") {
		t.Errorf("got %v", err)
	}
}

func TestParseTable(t *testing.T) {
	text := `22 1 0:21 / /proc rw,nosuid shared:5 master:1 - proc proc rw
30 1 254:0 / / rw,noatime - ext4 /dev/vda rw
31 30 254:1 / /mnt/a\040b rw - vfat /dev/sd\040x rw
broken line
`
	want := []Entry{{"/proc", "proc", "proc"}, {"/", "ext4", "/dev/vda"}, {"/mnt/a b", "vfat", "/dev/sd x"}}
	if got := parseTable(text); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTableOfThisMachine(t *testing.T) {
	table, err := Table()
	if err != nil || !slices.ContainsFunc(table, func(e Entry) bool { return e.Target == "/" }) {
		t.Errorf("got %v, %v", table, err)
	}
}
