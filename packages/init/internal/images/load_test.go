package images

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/enginetest"
)

func TestLoadAll(t *testing.T) {
	docker := enginetest.Start(t)
	root := t.TempDir()
	directory := filepath.Join(root, "usr/share/ros")
	enginetest.Tarball(t, filepath.Join(directory, "images.tar"), "rancher/os-test:v1", "rancher/os-test:latest")
	broken := filepath.Join(directory, "images-broken.tar")
	if err := os.WriteFile(broken, []byte("no tarball"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	loaded, err := LoadAll(ctx, docker, root)
	if len(loaded) != 1 || !strings.HasSuffix(loaded[0], "/images.tar") {
		t.Errorf("loaded %v, want images.tar", loaded)
	}
	if err == nil || !strings.Contains(err.Error(), "images-broken.tar") {
		t.Errorf("error %v, want one that names the broken tarball", err)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if loaded, err := LoadAll(ctx, docker, root); err != nil || len(loaded) != 0 {
		t.Errorf("the second time: loaded %v, %v; want nothing", loaded, err)
	}
	if _, err := docker.ImageInspect(ctx, "rancher/os-test:v1"); err != nil {
		t.Error(err)
	}
}

func TestReadManifestRefuses(t *testing.T) {
	tests := []struct {
		name, content, message string
	}{
		{"empty", "", "no manifest.json"},
		{"no tarball", strings.Repeat("x", 600), "invalid tar header"},
	}
	for _, test := range tests {
		if _, err := readManifest(strings.NewReader(test.content)); err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v, want %q", test.name, err, test.message)
		}
	}
}

func TestIDs(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for _, name := range []string{hex + ".json", "blobs/sha256/" + hex} {
		if id, err := (entry{Config: name}).id(); err != nil || id != "sha256:"+hex {
			t.Errorf("id of %s = %q, %v", name, id, err)
		}
	}
	if _, err := (entry{Config: "config.json"}).id(); err == nil {
		t.Error("a name without a digest was accepted")
	}
}
