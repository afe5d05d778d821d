package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImageFiles(t *testing.T) {
	root := machine(t, map[string]string{
		OSConfigFile:                     "rancher: {}",
		CloudConfigDir + "/20-image.yml": "hostname: image\nrancher: {environment: {A: image, B: image, C: image}}",
		CloudConfigDir + "/30-both.yml":  "rancher: {environment: {B: image, D: image}}",
		CloudConfigDir + "/.hidden":      "hostname: hidden",
	})
	if err := CarryImageFiles(root); err != nil {
		t.Fatal(err)
	}
	// The change of root: another cloud-config.d.
	if err := os.RemoveAll(filepath.Join(root, CloudConfigDir)); err != nil {
		t.Fatal(err)
	}
	fill(t, root, map[string]string{
		CloudConfigDir + "/30-both.yml": "rancher: {environment: {C: machine}}",
		CloudConfigFile:                 "rancher: {environment: {A: user}}",
	})
	loaded, warnings, err := Load(root, "")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := map[string]string{"A": "user", "B": "image", "C": "machine"}
	if got := loaded.Rancher.Environment; !maps.Equal(got, want) || loaded.Hostname != "image" {
		t.Errorf("environment %v, want %v; hostname %q", got, want, loaded.Hostname)
	}
	if !HostnameGiven(root, "") {
		t.Error("the image's host name does not count")
	}
	info, err := os.Stat(filepath.Join(root, ImageCloudConfigDir, "20-image.yml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what may be secret: %v, %v", info.Mode(), err)
	}
}

func TestNoImageFiles(t *testing.T) {
	root := t.TempDir()
	if err := CarryImageFiles(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "run")); err == nil {
		t.Error("an empty directory was made")
	}
}

func TestOneBadImageFile(t *testing.T) {
	root := machine(t, map[string]string{CloudConfigDir + "/20-good.yml": "hostname: image"})
	if err := os.Symlink("/dev/null", filepath.Join(root, CloudConfigDir, "10-device.yml")); err != nil {
		t.Fatal(err)
	}
	if err := CarryImageFiles(root); err == nil || !strings.Contains(err.Error(), "10-device.yml is not a regular file") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, ImageCloudConfigDir, "20-good.yml")); err != nil {
		t.Error(err)
	}
}
