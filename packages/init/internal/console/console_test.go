package console

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestTerminals(t *testing.T) {
	tests := []struct {
		line   string
		absent string
		want   []string
	}{
		{"quiet", "", virtualTerminals},
		{"quiet", "/dev/tty3", []string{"tty1", "tty2", "tty4", "tty5", "tty6"}},
		{"console=tty0 console=ttyS0,115200", "", append([]string{"ttyS0"}, virtualTerminals...)},
		{"console=tty1 console=ttyS0", "", []string{"tty1", "ttyS0", "tty2", "tty3", "tty4", "tty5", "tty6"}},
		{"console=ttyS1 console=hvc0", "/dev/ttyS1", append([]string{"hvc0"}, virtualTerminals...)},
	}
	for _, test := range tests {
		got := terminals(test.line, func(path string) bool { return path != test.absent })
		if !slices.Equal(got, test.want) {
			t.Errorf("terminals(%q) = %v, want %v", test.line, got, test.want)
		}
	}
}

func TestGettys(t *testing.T) {
	programs := gettys([]string{"ttyS0", "tty1"}, []string{"ttyS0", "tty7"})
	want := []string{
		"/sbin/agetty --autologin rancher --local-line --keep-baud 115200,57600,38400,9600 ttyS0 vt220",
		"/sbin/agetty --noclear tty1 linux",
	}
	for at, program := range programs {
		if got := strings.Join(program.Args, " "); got != want[at] {
			t.Errorf("%q, want %q", got, want[at])
		}
	}
}

func TestIsVirtual(t *testing.T) {
	for name, want := range map[string]bool{"tty1": true, "tty12": true, "tty": false, "ttyS0": false, "hvc0": false, "ttyAMA0": false} {
		if isVirtual(name) != want {
			t.Errorf("isVirtual(%s) = %v", name, !want)
		}
	}
}

func TestDirectories(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	passwd := "rancher:x:1100:1100::/home/rancher:/bin/bash\ndocker:x:1101:1101::/home/docker:/bin/bash\n"
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o644); err != nil {
		t.Fatal(err)
	}
	// Twice: the second time is the next start of the container.
	for range 2 {
		for _, make := range []func(string) error{makeDirectories, makeHomes, writeRelease} {
			if err := make(root); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, want := range map[string]os.FileMode{
		"run/sshd": os.ModeDir + 0o755, "tmp": os.ModeDir + os.ModeSticky + 0o777, "root": os.ModeDir + 0o700, "home/rancher": os.ModeDir + 0o755,
	} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	if target, err := os.Readlink(filepath.Join(root, "var/run")); err != nil || target != "/run" {
		t.Errorf("var/run -> %q, %v", target, err)
	}
	info, err := os.Stat(filepath.Join(root, "home/docker"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != 1101 {
		t.Errorf("home/docker belongs to %v, %v", info.Sys(), err)
	}
	if content, _ := os.ReadFile(filepath.Join(root, "etc/os-release")); !strings.Contains(string(content), "\nID=rancheros\n") {
		t.Errorf("os-release is %q", content)
	}
}
