package resize

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const mebibyte = 1 << 20

// disk makes a file with partitions by sfdisk, and lets it grow.
func disk(t *testing.T, script string, before, after int64) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, before); err != nil {
		t.Fatal(err)
	}
	if script != "" {
		command := exec.Command("sfdisk", "--quiet", path)
		command.Stdin = strings.NewReader(script)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("sfdisk: %v\n%s", err, output)
		}
	}
	if err := os.Truncate(path, after); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func TestGrowTable(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		want   Partition
	}{
		"gpt":              {"label: gpt\nsize=8M\nsize=8M\n", Partition{2, 18432, 131039 - 18432}},
		"gpt, out of turn": {"label: gpt\nstart=20480,size=8M\nstart=2048,size=4M\n", Partition{1, 20480, 131039 - 20480}},
		"mbr":              {"label: dos\nsize=8M,type=83\nsize=8M,type=83\n", Partition{2, 18432, 131072 - 18432}},
	} {
		t.Run(name, func(t *testing.T) {
			file := disk(t, test.script, 32*mebibyte, 64*mebibyte)
			got, grown, err := growTable(file, 64*mebibyte)
			if err != nil || !grown || got != test.want {
				t.Fatalf("%+v, %v, %v; want %+v", got, grown, err, test.want)
			}
			verified, err := exec.Command("sfdisk", "--verify", file.Name()).CombinedOutput()
			if err != nil || !strings.Contains(string(verified), "No errors detected") {
				t.Errorf("sfdisk --verify: %v\n%s", err, verified)
			}
			if strings.HasPrefix(name, "gpt") {
				verified, err := exec.Command("sgdisk", "--verify", file.Name()).CombinedOutput()
				if err != nil || !strings.Contains(string(verified), "No problems found") {
					t.Errorf("sgdisk --verify: %v\n%s", err, verified)
				}
			}
			before, _ := os.ReadFile(file.Name())
			if _, grown, err := growTable(file, 64*mebibyte); err != nil || grown {
				t.Errorf("the second time: %v, %v", grown, err)
			}
			if after, _ := os.ReadFile(file.Name()); !bytes.Equal(before, after) {
				t.Error("the second time something was written")
			}
		})
	}
}

func TestGrowTableRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		script  string
		damage  int64
		message string
	}{
		"empty gpt":   {"label: gpt\n", -1, "no partition"},
		"empty mbr":   {"label: dos\n", -1, "no partition"},
		"extended":    {"label: dos\nsize=8M,type=83\nsize=8M,type=5\n", -1, "has others in it"},
		"damaged gpt": {"label: gpt\nsize=8M\n", 512 + 60, "header is damaged"},
		"damaged row": {"label: gpt\nsize=8M\n", 1024 + 40, "entries are damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			file := disk(t, test.script, 32*mebibyte, 64*mebibyte)
			if test.damage >= 0 {
				if _, err := file.WriteAt([]byte{0xa5}, test.damage); err != nil {
					t.Fatal(err)
				}
			}
			before, _ := os.ReadFile(file.Name())
			if _, _, err := growTable(file, 64*mebibyte); err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("%v, want %q", err, test.message)
			}
			if after, _ := os.ReadFile(file.Name()); !bytes.Equal(before, after) {
				t.Error("something was written")
			}
		})
	}
}

func TestNoTable(t *testing.T) {
	if got, grown, err := growTable(disk(t, "", mebibyte, mebibyte), mebibyte); err != nil || grown || got.Number != 0 {
		t.Errorf("%+v, %v, %v", got, grown, err)
	}
}
