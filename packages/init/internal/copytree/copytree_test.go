package copytree

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// source makes a tree with one of each kind.
func source(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "s")
	old := time.Unix(1_000_000_000, 0)
	program := filepath.Join(root, "dir/program")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "dir"), 0o755),
		os.WriteFile(program, []byte(strings.Repeat("x", 3<<20)), 0o644),
		os.WriteFile(filepath.Join(root, "skipped"), nil, 0o644),
		os.Chmod(program, 0o755|os.ModeSetuid),
		os.Link(program, filepath.Join(root, "other-name")),
		os.Symlink("../none", filepath.Join(root, "dir/link")),
		syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600),
		os.Chtimes(program, old, old),
		os.Chmod(filepath.Join(root, "dir"), 0o750),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func check(t *testing.T, target string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(target, "dir/program"))
	if err != nil || info.Size() != 3<<20 || info.Mode() != 0o755|os.ModeSetuid || info.ModTime().Unix() != 1_000_000_000 {
		t.Errorf("program: %v, %v", info, err)
	}
	if other, err := os.Stat(filepath.Join(target, "other-name")); err != nil || !os.SameFile(info, other) {
		t.Errorf("other-name is another file: %v, %v", other, err)
	}
	if info, err := os.Stat(filepath.Join(target, "dir")); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("dir: %v, %v", info, err)
	}
	if link, err := os.Readlink(filepath.Join(target, "dir/link")); err != nil || link != "../none" {
		t.Errorf("link: %q, %v", link, err)
	}
	if info, err := os.Lstat(filepath.Join(target, "pipe")); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("pipe: %v, %v", info, err)
	}
}

func TestCopy(t *testing.T) {
	from, target := source(t), filepath.Join(t.TempDir(), "t")
	copier := Copier{Skip: func(path string) bool { return filepath.Base(path) == "skipped" }}
	if err := copier.Tree(from, target); err != nil {
		t.Fatal(err)
	}
	check(t, target)
	check(t, from)
	if _, err := os.Stat(filepath.Join(target, "skipped")); !os.IsNotExist(err) {
		t.Errorf("skipped: %v", err)
	}
	if err := copier.Tree(from, target); !os.IsExist(err) {
		t.Errorf("over what is there: %v", err)
	}
}

func TestMove(t *testing.T) {
	from, target := source(t), filepath.Join(t.TempDir(), "t")
	copier := Copier{Move: true}
	if err := copier.Tree(from, target); err != nil {
		t.Fatal(err)
	}
	check(t, target)
	for _, name := range []string{"dir/program", "other-name", "dir/link", "pipe", "skipped"} {
		if _, err := os.Lstat(filepath.Join(from, name)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}
