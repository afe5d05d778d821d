package installer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/gpt"
)

func TestCompare(t *testing.T) {
	ordered := []string{"v0.9.9", "v1.0.0-alpha", "v1.0.0-rc1", "v1.0.0-rc2", "v1.0.0-rc10", "v1.0.0", "v1.0.1", "v1.2", "v1.2.1", "v1.10.0", "v2"}
	for i, one := range ordered {
		for j, other := range ordered {
			if got := compare(one, other); got < 0 != (i < j) || got == 0 != (i == j) {
				t.Errorf("%s and %s: %d", one, other, got)
			}
		}
	}
	for _, same := range [][2]string{{"v1.0.0", "1.0.0"}, {"v1.0.0+a", "v1.0.0+b"}} {
		if compare(same[0], same[1]) != 0 {
			t.Errorf("%v differ", same)
		}
	}
}

func TestPartitionPath(t *testing.T) {
	for disk, want := range map[string]string{"/dev/sda": "/dev/sda2", "/host/dev/vdb": "/host/dev/vdb2", "/dev/nvme0n1": "/dev/nvme0n1p2", "/dev/mmcblk0": "/dev/mmcblk0p2"} {
		if got := partitionPath(disk, 2); got != want {
			t.Errorf("%s: %s, want %s", disk, got, want)
		}
	}
}

func attempt(t *testing.T, args ...string) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	s := session{out: &out, devices: blockdev.Finder{Sys: t.TempDir(), Dev: "/dev"}}
	code = run(s, args, &out)
	return code, out.String()
}

func TestRefused(t *testing.T) {
	dist := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dist, payloadDir), 0o755); err != nil {
		t.Fatal(err)
	}
	describe := func(text string) {
		if err := os.WriteFile(filepath.Join(dist, payloadDir, "system.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		system string
		args   []string
		code   int
		want   string
	}{
		{"", []string{"-t", "nothing"}, 2, "no such type: nothing, want one of amazon-ebs-hvm"},
		{"", []string{"more"}, 2, `what is "more"?`},
		{"", []string{"-t", "amazon-ebs-pv", "-d", "/dev/null"}, 1, "use amazon-ebs-hvm"},
		{"", nil, 1, "want -d DISK"},
		{"", []string{"-d", "/dev/null", "-i", t.TempDir()}, 1, "has no system to install"},
		{`{"version": "v1", "arch": "s390x"}`, []string{"-d", "/dev/null", "-i", dist}, 1, "RancherOS v1 for s390x, and the machine is"},
		{`{"version": "../v1"}`, []string{"-d", "/dev/null", "-i", dist}, 1, `"../v1" is no version`},
		{`{`, []string{"-d", "/dev/null", "-i", dist}, 1, "system.json"},
		{"", []string{"-t", "rancher-upgrade"}, 1, "no boot volume"},
		{"", []string{"-t", "noformat", "-d", "/dev/null"}, 1, "has no installed system"},
	} {
		describe(c.system)
		code, text := attempt(t, c.args...)
		if code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%v: %d, %s, want %d, %s", c.args, code, text, c.code, c.want)
		}
	}
}

func TestOpenTarget(t *testing.T) {
	s := session{devices: blockdev.Finder{Sys: t.TempDir(), Dev: "/dev"}}
	for path, want := range map[string]string{"/dev/null": "is no disk", "/none": "no such file"} {
		if _, err := s.openTarget(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestPlan(t *testing.T) {
	const volume = 512 * mib
	if _, err := plan(volume+minState+2*mib-1, volume, true); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Errorf("error %v", err)
	}
	table, err := plan(volume+minState+2*mib, volume, true)
	if err != nil {
		t.Fatal(err)
	}
	if without, err := plan(volume+minState+2*mib, volume, false); err != nil || without.Partitions[0].Attributes != 0 || table.Partitions[0].Attributes != gpt.LegacyBIOSBootable {
		t.Errorf("attributes %+v, %+v: %v", table, without, err)
	}
	if boot, state := table.Partitions[0], table.Partitions[1]; boot.Size() != volume || state.First != boot.Last+1 || state.Size() < minState {
		t.Errorf("%+v, %+v", boot, state)
	}
}

func TestReadBootCode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gptmbr.bin")
	if code, err := readBootCode(path); err != nil || code != nil {
		t.Errorf("absent: %v, %v", code, err)
	}
	if err := os.WriteFile(path, []byte("code"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, err := readBootCode(path); err != nil || string(code) != "code" {
		t.Errorf("present: %q, %v", code, err)
	}
	if _, err := readBootCode(t.TempDir()); err == nil {
		t.Error("a directory is no boot code")
	}
}

func TestReadFiles(t *testing.T) {
	folder := t.TempDir()
	config := filepath.Join(folder, "user_config.yml")
	if err := os.WriteFile(config, []byte("#cloud-config\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := readFiles(options{cloudConfig: config, files: config + ":/../etc/x," + config + ":y", stateDir: "a/b"})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, file := range files {
		paths = append(paths, file.path)
	}
	if got := strings.Join(paths, " "); got != "/a/b/var/lib/rancher/conf/cloud-config.d/user_config.yml /a/b/etc/x /a/b/y" {
		t.Errorf("paths %s", got)
	}
	if _, err := readFiles(options{files: "x"}); err == nil || !strings.Contains(err.Error(), "want source:target") {
		t.Errorf("error %v", err)
	}
}
