package cgroup

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestSetup uses a plain directory: the files keep what was written last.
func TestSetup(t *testing.T) {
	group := t.TempDir()
	self := strconv.Itoa(os.Getpid())
	for name, content := range map[string]string{"cgroup.procs": self + "\n", "cgroup.controllers": "cpu io memory\n"} {
		if err := os.WriteFile(filepath.Join(group, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(group, "init"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"init/cgroup.procs", "cgroup.subtree_control"} {
		if err := os.WriteFile(filepath.Join(group, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Setup(group); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"init/cgroup.procs": self, "cgroup.subtree_control": "+memory"} {
		if got, err := os.ReadFile(filepath.Join(group, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestSetupWithoutHierarchy(t *testing.T) {
	// Version 1 has no such file at its top.
	group := t.TempDir()
	if err := Setup(group); err != nil {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.controllers"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Setup(group); err == nil || !strings.Contains(err.Error(), "cgroup.procs") {
		t.Errorf("got %v", err)
	}
}
