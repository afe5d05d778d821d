package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
)

func TestFormattable(t *testing.T) {
	zeros := func(size int, changes map[int]byte) []byte {
		b := make([]byte, size)
		for at, value := range changes {
			b[at] = value
		}
		return b
	}
	magic := append([]byte(boot2dockerMagic), "\nuserdata"...)
	for name, c := range map[string]struct {
		content     []byte
		zeroAllowed bool
		want        bool
	}{
		"zero, allowed":           {zeros(zeroLimit, nil), true, true},
		"zero, not allowed":       {zeros(zeroLimit, nil), false, false},
		"zero but the last byte":  {zeros(zeroLimit, map[int]byte{zeroLimit - 1: 1}), true, false},
		"zero but the first byte": {zeros(zeroLimit, map[int]byte{0: 1}), true, false},
		"something after 1 MiB":   {zeros(zeroLimit+1, map[int]byte{zeroLimit: 1}), true, true},
		"one byte short":          {zeros(zeroLimit-1, nil), true, false},
		"empty":                   {nil, true, false},
		"magic":                   {magic, false, true},
		"magic cut short":         {magic[:20], true, false},
		"magic not at the start":  {append([]byte{0}, magic...), false, false},
	} {
		if got, err := formattable(bytes.NewReader(c.content), c.zeroAllowed); err != nil || got != c.want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestLabel(t *testing.T) {
	for dev, want := range map[string]string{
		"LABEL=RANCHER_STATE":    "RANCHER_STATE",
		"LABEL=1234567890123456": "1234567890123456",
		"/dev/vda":               "RANCHER_STATE",
		"UUID=x":                 "RANCHER_STATE",
	} {
		if got, err := label(dev); err != nil || got != want {
			t.Errorf("%s: got %q, %v", dev, got, err)
		}
	}
	for _, dev := range []string{"LABEL=", "LABEL=12345678901234567"} {
		if _, err := label(dev); err == nil || !strings.Contains(err.Error(), "1 to 16") {
			t.Errorf("%s: got %v", dev, err)
		}
	}
}

func TestCandidateIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, zeroLimit), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := candidate(config.State{Autoformat: []string{path, "/dev/zero", "/none"}, FormatZero: true})
	if got != "" || err != nil {
		t.Errorf("got %q, %v: only block devices may be formatted", got, err)
	}
}

func TestFormatAndCheck(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/sbin:/usr/sbin")
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 16<<20); err != nil {
		t.Fatal(err)
	}
	device, userData, err := format(path, config.State{Dev: "LABEL=MY_STATE", FsType: "auto"})
	if want := (blockdev.FileSystem{Type: "ext4", Label: "MY_STATE", UUID: device.UUID}); err != nil || userData != nil || device.FileSystem != want || device.UUID == "" {
		t.Fatalf("got %+v, %v (is e2fsprogs installed?)", device, err)
	}
	if err := check(path); err != nil {
		t.Errorf("checking a good file system: %v", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Not clean, and block groups that -p alone does not dare to repair.
	if _, err := file.WriteAt([]byte{0, 0}, 1024+0x3A); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xFF}, 64), 4096); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if damaged, err := blockdev.Host.Find(path); err != nil || !damaged.Unclean {
		t.Errorf("damaged: got %+v, %v", damaged, err)
	}
	if err := check(path); err != nil {
		t.Errorf("repairing: %v", err)
	}
	if repaired, err := blockdev.Host.Find(path); err != nil || repaired.Unclean {
		t.Errorf("repaired: got %+v, %v", repaired, err)
	}
	if err := tool("e2fsck", 4, "-p", "/none"); err == nil || !strings.Contains(err.Error(), "/none") {
		t.Errorf("checking nothing: got %v", err)
	}
}

func TestFindWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	asked := 0
	appear := func(time.Time) bool {
		asked++
		if asked == 2 {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return true
	}
	if device, _, err := find(config.State{Dev: path}, appear); err != nil || device.Path != path || asked != 2 {
		t.Errorf("got %+v, %v, asked %d times", device, err, asked)
	}
	never := func(time.Time) bool { return false }
	if _, _, err := find(config.State{Dev: path + "x"}, never); err == nil {
		t.Error("found what is not there")
	}
	if _, _, err := find(config.State{}, never); err == nil || !strings.Contains(err.Error(), "rancher.state.dev") {
		t.Errorf("got %v", err)
	}
}

func TestAssemble(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	run := func(string, []string, []string) error { t.Error("something was run"); return nil }
	if assemble(config.State{}, run) || assemble(config.State{Script: " \n"}, run) || assemble(config.State{MdadmScan: true}, run) {
		t.Error("nothing to do was done")
	}
	mdadm := filepath.Join(os.Getenv("PATH"), "mdadm")
	if err := os.WriteFile(mdadm, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var ran []string
	if !assemble(config.State{MdadmScan: true}, func(program string, args, _ []string) error {
		ran = append([]string{program}, args...)
		return errors.New("no array")
	}) || strings.Join(ran, " ") != mdadm+" mdadm --assemble --scan" {
		t.Errorf("ran %q", ran)
	}
}

func TestLimit(t *testing.T) {
	if limit(config.State{}) >= limit(config.State{Wait: true}) || limit(config.State{Required: true}) != limit(config.State{Wait: true}) {
		t.Error("a device that is waited for must have more time than any other")
	}
}

func TestTypes(t *testing.T) {
	ext := blockdev.Device{Path: "/dev/x", FileSystem: blockdev.FileSystem{Type: "ext3"}}
	for configured, want := range map[string]string{"": "ext3", "auto": "ext3", "ext4": "ext4", "btrfs": "btrfs"} {
		if got, err := typeOf(ext, configured); err != nil || got != want {
			t.Errorf("%q: mounts %q, %v", configured, got, err)
		}
	}
	if _, err := typeOf(blockdev.Device{Path: "/dev/x"}, "auto"); err == nil || !strings.Contains(err.Error(), "/dev/x") {
		t.Errorf("unknown: %v", err)
	}
	for configured, want := range map[string]string{"": "ext4", "auto": "ext4", "ext4": "ext4", "ext3": "ext3"} {
		if got, err := formatType(configured); err != nil || got != want {
			t.Errorf("%q: formats %q, %v", configured, got, err)
		}
	}
	if _, err := formatType("btrfs"); err == nil || !strings.Contains(err.Error(), "btrfs") {
		t.Errorf("btrfs: %v", err)
	}
}
