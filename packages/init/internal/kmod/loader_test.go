package kmod

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	dep = `kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/fs/mbcache.ko kernel/lib/crc16.ko
kernel/fs/jbd2/jbd2.ko:
kernel/fs/mbcache.ko:
kernel/lib/crc16.ko:
kernel/arch/crc32c-intel.ko:
kernel/crypto/crc32c_generic.ko.zst:
kernel/drivers/virtio_blk.ko: kernel/drivers/virtio.ko
kernel/drivers/virtio.ko:
kernel/a/loop-a.ko:
kernel/a/loop-b.ko: kernel/a/loop-a.ko
kernel/a/bad.ko:
kernel/a/needs-bad.ko: kernel/a/bad.ko
`
	alias1 = `# Aliases extracted from modules themselves.
alias fs-ext4 ext4
alias crypto-crc32c crc32c_intel
alias crypto-crc32c crc32c_generic
alias virtio:d00000002v* virtio_blk
alias cpu:type:x86,ven*fam*mod*:feature:*0094* crc32c_intel
alias acpi*:PNP0C0C:* button
alias platform:with space loop_a
alias half:bad bad
alias half:bad virtio
`
	softdep = `softdep ext4 pre: crypto-crc32c post: nothing
softdep loop_a pre: loop-b
softdep loop_b pre: loop-a
`
)

type inserted struct {
	mu    sync.Mutex
	names []string
	paths []string
}

// testLoader loads into a list. The module bad does not load.
func testLoader(t *testing.T) (*Loader, *inserted) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"modules.dep": dep, "modules.alias": alias1, "modules.softdep": softdep, "modules.builtin": "kernel/drivers/acpi/button.ko\nkernel/fs/proc-x.ko\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index, err := ReadIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := &inserted{}
	return &Loader{Index: index, Options: map[string]string{}, Blacklist: map[string]bool{}, Insert: func(path, options string) error {
		list.mu.Lock()
		defer list.mu.Unlock()
		if moduleName(path) == "bad" {
			return errors.New("Exec format error")
		}
		list.names = append(list.names, strings.TrimSpace(moduleName(path)+" "+options))
		list.paths = append(list.paths, path)
		return nil
	}}, list
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		request string
		want    []string
	}{
		{"ext4", []string{"crc32c_intel", "jbd2", "mbcache", "crc16", "ext4"}},
		{"fs-ext4", []string{"crc32c_intel", "jbd2", "mbcache", "crc16", "ext4"}},
		{"crypto-crc32c", []string{"crc32c_intel", "crc32c_generic"}},
		{"crc32c-generic", []string{"crc32c_generic"}},
		{"virtio:d00000002v00001AF4", []string{"virtio", "virtio_blk"}},
		{"cpu:type:x86,ven0002fam000Fmod006B:feature:,0094,", []string{"crc32c_intel"}},
		{"platform:with space", []string{"loop_a"}},
		{"loop-b", []string{"loop_a", "loop_b"}},
		{"half:bad", []string{"virtio"}},
		{"button", nil},
		{"acpi:PNP0C0C:", nil},
		{"proc_x", nil},
	} {
		loader, list := testLoader(t)
		if err := loader.Load(c.request); err != nil {
			t.Errorf("%s: %v", c.request, err)
		}
		if !slices.Equal(list.names, c.want) {
			t.Errorf("%s: loaded %v, want %v", c.request, list.names, c.want)
		}
	}
}

func TestLoadFails(t *testing.T) {
	loader, list := testLoader(t)
	for _, request := range []string{"none", "pci:v0", "fs-none"} {
		if err := loader.Load(request); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", request, err)
		}
	}
	if err := loader.Load("needs-bad"); err == nil || !strings.Contains(err.Error(), "needs_bad: module bad: Exec format") {
		t.Errorf("needs-bad: got %v", err)
	}
	if len(list.names) > 0 {
		t.Errorf("loaded %v", list.names)
	}
	if err := loader.LoadAll([]string{"none", "virtio"}); err != nil {
		t.Errorf("LoadAll with an alias that nothing serves: %v", err)
	}
	if err := loader.LoadNamed([]string{"none"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("LoadNamed of a module that is not there: %v", err)
	}
}

func TestLoadOnceSideBySide(t *testing.T) {
	loader, list := testLoader(t)
	var requests []string
	for range 50 {
		requests = append(requests, "ext4", "loop-a", "loop-b", "virtio_blk")
	}
	if err := loader.LoadAll(requests); err != nil {
		t.Fatal(err)
	}
	slices.Sort(list.names)
	want := []string{"crc16", "crc32c_intel", "ext4", "jbd2", "loop_a", "loop_b", "mbcache", "virtio", "virtio_blk"}
	if !slices.Equal(list.names, want) {
		t.Errorf("loaded %v, want each of %v once", list.names, want)
	}
}

func TestSettings(t *testing.T) {
	loader, list := testLoader(t)
	loader.Options, loader.Blacklist = settings("quiet virtio_blk.num=2 virtio-blk.fast rancher.state.dev=x modprobe.blacklist=crc32c-intel,foo")
	if err := loader.LoadAll([]string{"virtio_blk"}); err != nil {
		t.Fatal(err)
	}
	if err := loader.Load("crypto-crc32c"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"virtio", "virtio_blk num=2 fast", "crc32c_generic"}; !slices.Equal(list.names, want) {
		t.Errorf("loaded %v, want %v", list.names, want)
	}
	if _, found := loader.Options["rancher"]; found {
		t.Error("rancher's own settings are taken for a module's")
	}
}

func TestParseModprobe(t *testing.T) {
	for line, want := range map[string]request{
		"-q -- fs-ext4":      {quiet: true, names: []string{"fs-ext4"}},
		"-va br_netfilter x": {all: true, verbose: true, names: []string{"br_netfilter", "x"}},
		"--all --quiet a":    {all: true, quiet: true, names: []string{"a"}},
		"loop max_loop=8":    {names: []string{"loop"}, options: "max_loop=8"},
		"-r a b":             {remove: true, names: []string{"a", "b"}},
		"-- -odd":            {names: []string{"-odd"}},
	} {
		got, err := parseModprobe(strings.Fields(line))
		if err != nil || !slices.Equal(got.names, want.names) || got.options != want.options || got.quiet != want.quiet ||
			got.all != want.all || got.remove != want.remove || got.verbose != want.verbose {
			t.Errorf("%s: got %+v, %v, want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{"", "-q", "--", "-Z x", "--unknown x"} {
		if _, err := parseModprobe(strings.Fields(line)); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}

func TestModprobe(t *testing.T) {
	for _, c := range []struct {
		line, out, errors string
		code              int
		loaded            []string
	}{
		{"virtio_blk num=3", "", "", 0, []string{"virtio", "virtio_blk num=3"}},
		{"-q none", "", "", 1, nil},
		{"none", "", "modprobe: none: no such module", 1, nil},
		{"-a virtio none crc16", "", "none", 1, []string{"virtio", "crc16"}},
		{"-q needs-bad", "", "bad", 1, nil},
		{"-n crc16", "insmod", "", 0, nil},
		{"-r none", "", "none", 1, nil},
		{"-r button", "", "built into", 1, nil},
		{"-r crc16", "", "", 0, nil},
	} {
		loader, list := testLoader(t)
		r, err := parseModprobe(strings.Fields(c.line))
		if err != nil {
			t.Fatal(err)
		}
		var out, errOut bytes.Buffer
		code := r.run(loader, func(string, int) error { return nil }, &out, &errOut)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.errors) || c.errors == "" && errOut.Len() > 0 {
			t.Errorf("%s: code %d, output %q, errors %q", c.line, code, &out, &errOut)
		}
		if !slices.Equal(list.names, c.loaded) {
			t.Errorf("%s: loaded %v, want %v", c.line, list.names, c.loaded)
		}
	}
}

func TestMissing(t *testing.T) {
	loaded := "overlay 151552 0 - Live 0x0\nbr_netfilter 32768 0 - Live 0x0\n"
	if got := Missing([]string{"overlay", "br-netfilter", "xt_nat"}, loaded); !slices.Equal(got, []string{"xt_nat"}) {
		t.Errorf("got %v", got)
	}
}

func TestAliases(t *testing.T) {
	devices := t.TempDir()
	for path, content := range map[string]string{"pci0/0:1/modalias": "pci:v1\n", "pci0/0:2/modalias": "pci:v1\n", "acpi/modalias": "acpi:A:\n", "x/modalias": "\n", "x/uevent": "MODALIAS=y\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(devices, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(devices, path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// As in sysfs, links lead in circles.
	if err := os.Symlink("..", filepath.Join(devices, "pci0/subsystem")); err != nil {
		t.Fatal(err)
	}
	if got := Aliases(devices); !slices.Equal(got, []string{"acpi:A:", "pci:v1"}) {
		t.Errorf("got %v", got)
	}
}
