package bootvolume

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// volume makes a boot volume in a folder, with one system.
func volume(t *testing.T) Volume {
	t.Helper()
	v := Volume{Root: t.TempDir()}
	for path, content := range map[string]string{
		"boot/grub/grubenv":    grubHead + strings.Repeat("#", 1024-len(grubHead)),
		"syslinux/ldlinux.sys": strings.Repeat("x", 3000) + strings.Repeat(string(encodeADV(false)), 2),
		"ros/append":           "quiet panic=10\n",
	} {
		write(t, v.path(path), content)
	}
	if err := v.Put("v1", content(t, "v1"), []string{"quiet"}); err != nil {
		t.Fatal(err)
	}
	if err := v.Begin(Selection{Current: "v1"}); err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, version string) Content {
	t.Helper()
	folder := t.TempDir()
	known := func(name string) File {
		text := name + " of " + version
		write(t, filepath.Join(folder, name), text)
		sum := sha256.Sum256([]byte(text))
		return File{int64(len(text)), hex.EncodeToString(sum[:])}
	}
	write(t, filepath.Join(folder, "menu/current.cfg"), "label rancheros\n  linux /ros/@FOLDER@/vmlinuz\n  append @APPEND@\n")
	write(t, filepath.Join(folder, "menu/current.cfg.grub"), "linux /ros/@FOLDER@/vmlinuz @GRUB_APPEND@\n")
	return Content{
		System:      System{Version: version, Arch: "amd64", Vmlinuz: known("vmlinuz"), Initrd: known("initrd")},
		VmlinuzPath: filepath.Join(folder, "vmlinuz"), InitrdPath: filepath.Join(folder, "initrd"), Menu: filepath.Join(folder, "menu"),
	}
}

func selected(t *testing.T, v Volume) Selection {
	t.Helper()
	s, err := v.Selection()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func once(t *testing.T, v Volume, want bool) {
	t.Helper()
	for _, uefi := range []bool{true, false} {
		if got, err := v.Once(uefi); err != nil || got != want {
			t.Errorf("once with UEFI %v: %v, %v, want %v", uefi, got, err, want)
		}
	}
}

func TestSelectionIsOneSector(t *testing.T) {
	for _, s := range []Selection{{"v1", "", ""}, {"v1", "v0", ""}, {"v1", "v0", "v2"}, {strings.Repeat("a", 128), strings.Repeat("b", 128), strings.Repeat("c", 128)}} {
		sector, err := s.encode()
		if err != nil || len(sector) != sectorSize || sector[sectorSize-1] != '\n' {
			t.Errorf("%+v: %d bytes, %v", s, len(sector), err)
		}
		if got, err := decodeSelection(string(sector)); err != nil || got != s {
			t.Errorf("%+v comes back as %+v, %v", s, got, err)
		}
	}
	for _, s := range []Selection{{}, {Current: "a/b"}, {Current: ".."}, {Current: "a b"}} {
		if _, err := s.encode(); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func TestUpgradeComesUp(t *testing.T) {
	v := volume(t)
	folder, err := v.Upgrade(content(t, "v2"), []string{"more=1"})
	if err != nil || folder != "v2" {
		t.Fatal(folder, err)
	}
	if got := selected(t, v); got != (Selection{"v1", "", "v2"}) {
		t.Errorf("selection %+v: the old system is current until the new one has come up", got)
	}
	once(t, v, true)
	if text, _ := os.ReadFile(v.path("ros/v2/current.cfg")); string(text) != "label rancheros\n  linux /ros/v2/vmlinuz\n  append quiet panic=10 more=1\n" {
		t.Errorf("menu %s", text)
	}
	if text, _ := os.ReadFile(v.path("ros/v2/current.cfg.grub")); string(text) != "linux /ros/v2/vmlinuz 'quiet' 'panic=10' 'more=1'\n" {
		t.Errorf("menu %s", text)
	}
	// Not started yet: nothing changes.
	if changed, message, err := v.judge("v1", true); changed != (Selection{}) || message != "" || err != nil {
		t.Errorf("%+v, %s, %v", changed, message, err)
	}
	if err := v.SetOnce(false); err != nil {
		t.Fatal(err)
	}
	changed, message, err := v.judge("v2", true)
	if changed != (Selection{"v2", "v1", ""}) || !strings.Contains(message, "v2 has come up") || err != nil {
		t.Errorf("%+v, %s, %v", changed, message, err)
	}
	if err := v.Select(changed); err != nil {
		t.Fatal(err)
	}
	if back, err := v.Rollback(); err != nil || back != (Selection{"v1", "v2", ""}) || selected(t, v) != back {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestUpgradeThatFails(t *testing.T) {
	v := volume(t)
	if _, err := v.Upgrade(content(t, "v2"), nil); err != nil {
		t.Fatal(err)
	}
	// The loader has taken the word away, and the machine came up with the old system again.
	if err := v.SetOnce(false); err != nil {
		t.Fatal(err)
	}
	changed, message, err := v.judge("v1", false)
	if changed != (Selection{"v1", "", ""}) || !strings.Contains(message, "v2 did not come up") || err != nil {
		t.Errorf("%+v, %s, %v", changed, message, err)
	}
	// The next one takes its place.
	if _, err := v.Upgrade(content(t, "v3"), nil); err != nil {
		t.Fatal(err)
	}
	if names, err := v.Systems(); err != nil || strings.Join(names, " ") != "v1 v3" {
		t.Errorf("systems %v, %v", names, err)
	}
}

func TestSameVersionHasAnotherFolder(t *testing.T) {
	v := volume(t)
	if folder, err := v.Upgrade(content(t, "v1"), nil); err != nil || folder != "v1-2" {
		t.Errorf("folder %s, %v", folder, err)
	}
}

func TestDamagedContentChangesNothing(t *testing.T) {
	v := volume(t)
	damaged := content(t, "v2")
	write(t, damaged.InitrdPath, "initrd of v3")
	if _, err := v.Upgrade(damaged, nil); err == nil || !strings.Contains(err.Error(), "damaged or of another build") {
		t.Errorf("error %v", err)
	}
	if got := selected(t, v); got != (Selection{Current: "v1"}) {
		t.Errorf("selection %+v", got)
	}
	if names, _ := v.Systems(); strings.Join(names, " ") != "v1" {
		t.Errorf("systems %v", names)
	}
	once(t, v, false)
}

func TestNoRoom(t *testing.T) {
	v := volume(t)
	large := content(t, "v2")
	large.Initrd.Size = 1 << 60
	if _, err := v.Upgrade(large, nil); err == nil || !strings.Contains(err.Error(), "no room for v2") {
		t.Errorf("error %v", err)
	}
	if _, err := v.Upgrade(content(t, "v2"), []string{"a'b"}); err == nil || !strings.Contains(err.Error(), "a quote") {
		t.Errorf("error %v", err)
	}
	if got := selected(t, v); got != (Selection{Current: "v1"}) {
		t.Errorf("selection %+v", got)
	}
	if _, err := v.Rollback(); err == nil || !strings.Contains(err.Error(), "no previous system") {
		t.Errorf("error %v", err)
	}
}

// The sums are those of SYSLINUX: all words of the data and the one before them make the magic number (libinstaller/setadv.c).
func TestAuxiliaryData(t *testing.T) {
	for _, set := range []bool{true, false} {
		b := encodeADV(set)
		sum := uint32(0)
		for at := 4; at < sectorSize-4; at += 4 {
			sum += binary.LittleEndian.Uint32(b[at:])
		}
		if sum != advSum || len(b) != sectorSize || bytes.Contains(b, []byte("trial")) != set {
			t.Errorf("set %v: sum %x, %d bytes", set, sum, len(b))
		}
	}
}
