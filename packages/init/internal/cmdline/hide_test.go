package cmdline

import (
	"os"
	"path/filepath"
	"testing"
)

func TestShown(t *testing.T) {
	for line, want := range map[string]string{
		"quiet console=ttyS0\n":                      "quiet console=ttyS0",
		"quiet -- rancher.password=secret":           "quiet --",
		"quiet --":                                   "quiet --",
		"a=--b -- c -- d":                            "a=--b --",
		"rancher.x=--":                               "rancher.x=--",
		"quiet   --   rancher.password=secret quiet": "quiet   --",
		"": "",
	} {
		if got, _ := Shown(line); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func TestSaveAndRead(t *testing.T) {
	root := t.TempDir()
	put := func(line string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "proc/cmdline"), []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(root); err == nil {
		t.Error("read what is not there")
	}
	put("quiet\n")
	if err := Save(root, "quiet"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "run")); !os.IsNotExist(err) {
		t.Errorf("nothing to hide was hidden: %v", err)
	}
	if line, err := Read(root); err != nil || line != "quiet" {
		t.Errorf("%q, %v", line, err)
	}
	const whole = "quiet -- rancher.password=secret"
	if err := Save(root, whole); err != nil {
		t.Fatal(err)
	}
	put("quiet --\n")
	if line, err := Read(root); err != nil || line != whole {
		t.Errorf("%q, %v", line, err)
	}
	if info, err := os.Stat(filepath.Join(root, wholeFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if shown, err := os.ReadFile(filepath.Join(root, shownFile)); err != nil || string(shown) != "quiet --\n" {
		t.Errorf("%q, %v", shown, err)
	}
}
