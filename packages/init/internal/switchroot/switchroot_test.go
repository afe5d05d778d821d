package switchroot

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// initramfs makes the /usr of an initramfs with a build id.
func initramfs(t *testing.T, buildID string) string {
	usr := filepath.Join(t.TempDir(), "usr")
	write(t, filepath.Join(usr, "bin/ros"), "program of "+buildID)
	write(t, filepath.Join(usr, buildIDInUsr), buildID)
	if err := os.Symlink("bin", filepath.Join(usr, "sbin")); err != nil {
		t.Fatal(err)
	}
	return usr
}

// boot does what Prepare and stage two do for /usr; it returns whether the tree was copied.
func boot(t *testing.T, usr, root, version string, always, commit bool) bool {
	t.Helper()
	plan, err := PlanUsr(usr, root, version, always)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Copy {
		if err := plan.Install(usr, root); err != nil {
			t.Fatal(err)
		}
	}
	if err := plan.Link(root); err != nil {
		t.Fatal(err)
	}
	if id, err := BuildID(usr); err != nil {
		t.Fatal(err)
	} else if plan.Copy && commit {
		if err := Commit(root, id); err != nil {
			t.Fatal(err)
		}
	}
	return plan.Copy
}

func TestUsrOverManyBoots(t *testing.T) {
	root := t.TempDir()
	one, two := initramfs(t, "one"), initramfs(t, "two")
	for i, c := range []struct {
		usr, version   string
		always, commit bool
		copied         bool
		program        string
	}{
		{one, "v1", false, false, true, "program of one"}, // power is lost before the commit
		{one, "v1", false, true, true, "program of one"},
		{one, "v1", false, true, false, "program of one"},
		{two, "v1", false, true, true, "program of two"},
		{two, "v1", false, true, false, "program of two"},
		{two, "v1", true, true, true, "program of two"},
		{one, "v2", false, true, true, "program of one"},
		{two, "v1", false, true, false, "program of two"}, // back to a version that was kept
	} {
		if copied := boot(t, c.usr, root, c.version, c.always, c.commit); copied != c.copied {
			t.Errorf("boot %d: copied %v, want %v", i, copied, c.copied)
		}
		if got := read(t, filepath.Join(root, "usr/bin/ros")); got != c.program {
			t.Errorf("boot %d: runs %q, want %q", i, got, c.program)
		}
		if got, err := os.Readlink(filepath.Join(root, "usr")); err != nil || got != "usr-"+c.version {
			t.Errorf("boot %d: usr -> %q, %v", i, got, err)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 4 {
		t.Errorf("left in the root: %v, %v, want usr, usr.previous, usr-v1 and usr-v2", entries, err)
	}
}

func TestInstallRemovesLeftovers(t *testing.T) {
	root, usr := t.TempDir(), initramfs(t, "one")
	write(t, filepath.Join(root, "usr-v1.new/bin/half"), "a copy that was not finished")
	write(t, filepath.Join(root, "usr-v1.old/bin/x"), "")
	boot(t, usr, root, "v1", false, true)
	for _, gone := range []string{"usr-v1.new", "usr-v1.old", "usr/bin/half"} {
		if _, err := os.Lstat(filepath.Join(root, gone)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", gone, err)
		}
	}
}

func TestWithoutBuildIDEveryBootCopies(t *testing.T) {
	root, usr := t.TempDir(), initramfs(t, "")
	if err := os.Remove(filepath.Join(usr, buildIDInUsr)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !boot(t, usr, root, "v1", false, false) {
			t.Error("a tree that can not be told from another was kept")
		}
	}
}

func TestForeignFileSystem(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "usr"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := PlanUsr(initramfs(t, "one"), root, "v1", false); err == nil || !strings.Contains(err.Error(), "not a symbolic link") {
		t.Errorf("got %v", err)
	}
}

func TestStateDirectoryRefused(t *testing.T) {
	for _, directory := range []string{"..", "a/../../b", "/", ".", "a/.."} {
		if _, err := stateDirectory(t.TempDir(), directory); err == nil || !strings.Contains(err.Error(), "rancher.state.directory") {
			t.Errorf("%q: got %v", directory, err)
		}
	}
	if got, err := stateDirectory("/state", ""); err != nil || got != "/state" {
		t.Errorf("empty: got %q, %v", got, err)
	}
}

func TestRemoveOnlyTheInitramfs(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "a/b/c"), "")
	var stat syscall.Stat_t
	if err := syscall.Stat(top, &stat); err != nil {
		t.Fatal(err)
	}
	if err := removeOn(top, stat.Dev+1); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(top, "a/b/c")); err != nil {
		t.Errorf("a file of another file system was deleted: %v", err)
	}
	if err := removeOn(top, stat.Dev); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(top); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestRemoveInitramfsRefusesADisk(t *testing.T) {
	if err := removeInitramfs("/proc"); err == nil || !strings.Contains(err.Error(), "no initramfs") {
		t.Errorf("got %v", err)
	}
}

func TestClear(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/b"), "")
	write(t, filepath.Join(dir, ".hidden"), "")
	if err := clear(dir); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestPrune(t *testing.T) {
	root := t.TempDir()
	install := func(version string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, "usr-"+version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := (Usr{Name: "usr-" + version}).Link(root); err != nil {
			t.Fatal(err)
		}
	}
	check := func(wantGone, wantLeft string) {
		t.Helper()
		gone, err := Prune(root)
		left, _ := filepath.Glob(filepath.Join(root, "usr-*"))
		for i := range left {
			left[i] = filepath.Base(left[i])
		}
		if err != nil || strings.Join(gone, " ") != wantGone || strings.Join(left, " ") != wantLeft {
			t.Errorf("gone %q, left %q, %v; want %q and %q", gone, left, err, wantGone, wantLeft)
		}
	}
	check("", "")
	install("v1")
	check("", "usr-v1")
	install("v2")
	install("v2")
	check("", "usr-v1 usr-v2")
	install("v3")
	for _, leftover := range []string{"usr-v4.new", "usr-v3.old"} {
		if err := os.MkdirAll(filepath.Join(root, leftover, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	check("usr-v1 usr-v3.old usr-v4.new", "usr-v2 usr-v3")
	// Back to the version before: the newer one is what comes before it now.
	install("v2")
	check("", "usr-v2 usr-v3")
	if err := os.Remove(filepath.Join(root, "usr")); err != nil {
		t.Fatal(err)
	}
	check("", "usr-v2 usr-v3")
}

func TestMakeRoom(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(root, "usr-"+version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := (Usr{Name: "usr-" + version}).Link(root); err != nil {
			t.Fatal(err)
		}
	}
	if !MakeRoom(root) || MakeRoom(root) {
		t.Error("there was one tree to give up")
	}
	left, _ := filepath.Glob(filepath.Join(root, "usr*"))
	if len(left) != 2 || filepath.Base(left[1]) != "usr-v2" {
		t.Errorf("left %q", left)
	}
}
