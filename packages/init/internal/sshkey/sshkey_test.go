package sshkey

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestInstall(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Fatal("this test needs ssh-keygen: install the Debian package openssh-client")
	}
	root := t.TempDir()
	made, err := Install(root, nil)
	if err != nil || !slices.Equal(made, Kinds) {
		t.Fatalf("made %v, %v", made, err)
	}
	first := map[string]string{}
	for _, kind := range Kinds {
		path := filepath.Join(root, Directory, "ssh_host_"+kind+"_key")
		public, err := os.ReadFile(path + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		derived, err := exec.Command(keygen, "-y", "-f", path).Output()
		if err != nil || string(derived) != string(public) {
			t.Errorf("%s: ssh-keygen finds %q (%v), the file has %q", kind, derived, err, public)
		}
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		first[kind] = string(public)
	}
	cfg, _, _ := config.Load(root, "")
	if len(cfg.Rancher.SSH.Keys) != 4 || cfg.Rancher.SSH.Keys["ecdsa-pub"] != strings.TrimSpace(first["ecdsa"]) {
		t.Errorf("kept: %v", cfg.Rancher.SSH.Keys)
	}
	t.Run("the next boot has the same", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(root, Directory)); err != nil {
			t.Fatal(err)
		}
		if made, err := Install(root, cfg.Rancher.SSH.Keys); err != nil || len(made) > 0 {
			t.Fatalf("made %v, %v", made, err)
		}
		for kind, want := range first {
			if got, err := os.ReadFile(filepath.Join(root, Directory, "ssh_host_"+kind+"_key.pub")); err != nil || string(got) != want {
				t.Errorf("%s is %q (%v), want %q", kind, got, err, want)
			}
		}
	})
	t.Run("a broken key is replaced", func(t *testing.T) {
		keys := map[string]string{"ed25519": "nonsense", "ecdsa": cfg.Rancher.SSH.Keys["ecdsa"]}
		if made, err := Install(root, keys); err != nil || !slices.Equal(made, []string{"ed25519"}) {
			t.Errorf("made %v, %v", made, err)
		}
	})
}

func TestInstallWhenNothingCanBeKept(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "var/lib/rancher"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/rancher/conf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Install(root, nil); err == nil {
		t.Error("no error although the keys could not be kept")
	}
	if _, err := os.Stat(filepath.Join(root, Directory, "ssh_host_ed25519_key")); err != nil {
		t.Error("sshd has no key: ", err)
	}
}
