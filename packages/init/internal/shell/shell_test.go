package shell

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestMachineProgramsComeBeforeApplets(t *testing.T) {
	programs, links := t.TempDir(), t.TempDir()
	for path, names := range map[string][]string{programs: {"busybox", "mke2fs", "dockerd", "poweroff"}, links: {"poweroff", "mke2fs", "ls", "busybox"}} {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(path, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	names, err := both(programs, links)
	if want := []string{"busybox", "mke2fs", "poweroff"}; err != nil || !slices.Equal(names, want) {
		t.Fatalf("got %v, %v, want %v", names, err, want)
	}
	want := "alias mke2fs=/usr/bin/mke2fs\nalias poweroff=/usr/bin/poweroff\nPS1='recovery:\\w# '\n"
	if got := aliases("/usr/bin", names); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := both(programs+"/none", links); err == nil {
		t.Error("a directory that is not there was listed")
	}
}

func TestCommandLines(t *testing.T) {
	s := Shell{"/usr/bin/busybox", "/run/a", "/run/p"}
	if program, args := s.Script("exit 3"); program != "/usr/bin/busybox" || !slices.Equal(args, []string{"sh", "-c", "exit 3"}) {
		t.Errorf("script: %s %q", program, args)
	}
	want := []string{"PATH=/usr/bin:/usr/sbin:/run/a", "HOME=/root", "TERM=vt220", "ENV=/run/p"}
	if got := s.Environment("vt220"); !slices.Equal(got, want) {
		t.Errorf("environment: %q", got)
	}
}
