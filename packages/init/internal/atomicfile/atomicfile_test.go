package atomicfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWrite(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	for _, content := range []string{"first, which is longer", "second"} {
		if err := Write(path, []byte(content), 0o640, nil); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("read %q (%v), want %q", got, err, content)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestWriteOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this test needs root, to give a file away")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, nil, 0o755+os.ModeSetuid, &Owner{UID: 1100, GID: 1101}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	status := info.Sys().(*syscall.Stat_t)
	if status.Uid != 1100 || status.Gid != 1101 || info.Mode() != 0o755+os.ModeSetuid {
		t.Errorf("owner %d:%d, mode %v", status.Uid, status.Gid, info.Mode())
	}
}

func TestWriteFails(t *testing.T) {
	directory := t.TempDir()
	if err := Write(filepath.Join(directory, "absent", "file"), nil, 0o600, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	if err := os.Mkdir(filepath.Join(directory, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(directory, "taken"), nil, 0o600, nil); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

// A file of a container that is bound from outside can not be renamed over.
func TestWriteToMountPoint(t *testing.T) {
	const marker = "ROS_TEST_MOUNT"
	if os.Getenv(marker) == "" {
		command := exec.Command(os.Args[0], "-test.run=^TestWriteToMountPoint$")
		command.Env = append(os.Environ(), marker+"=1")
		command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return
	}
	directory := t.TempDir()
	inside, outside := filepath.Join(directory, "inside"), filepath.Join(directory, "outside")
	for _, path := range []string{inside, outside} {
		if err := os.WriteFile(path, []byte("what was there before"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount(outside, inside, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Unmount(inside, 0) }()
	if err := Write(inside, []byte("new"), 0o644, nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(outside); string(got) != "new" {
		t.Errorf("outside is %q", got)
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}
