package etc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func put(t *testing.T, root, path, content string) {
	t.Helper()
	full := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, root, path, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, path))
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
	}
}

func TestDefaults(t *testing.T) {
	root := t.TempDir()
	put(t, root, "usr/etc/passwd", "shipped")
	put(t, root, "usr/etc/mke2fs.conf", "shipped")
	put(t, root, "usr/etc/ssl/certs/ca.crt", "shipped")
	put(t, root, "etc/mke2fs.conf", "changed")
	if err := os.Symlink("certs/ca.crt", filepath.Join(root, "usr/etc/ssl/link")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Defaults(root); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, root, "etc/passwd", "shipped")
	expect(t, root, "etc/mke2fs.conf", "changed")
	expect(t, root, "etc/ssl/certs/ca.crt", "shipped")
	expect(t, root, "etc/ssl/link", "shipped")
	if info, err := os.Stat(filepath.Join(root, "etc/passwd")); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode: %v, %v", info, err)
	}
	if group, err := os.ReadFile(filepath.Join(root, "etc/group")); err != nil || !strings.Contains(string(group), "root:x:0:") {
		t.Errorf("group: %q, %v", group, err)
	}
}

func TestDefaultsWithoutAny(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Defaults(root); err != nil {
		t.Fatal(err)
	}
	for _, f := range minimal {
		expect(t, root, "etc/"+f.path, f.content)
	}
}

func TestMachine(t *testing.T) {
	root := t.TempDir()
	put(t, root, "etc/resolv.conf", "nameserver 192.0.2.1\n")
	if err := Machine(root, "box", []string{"8.8.8.8", "8.8.4.4"}, []string{"a.example", "b.example"}); err != nil {
		t.Fatal(err)
	}
	expect(t, root, "etc/hostname", "box\n")
	expect(t, root, "etc/resolv.conf", "search a.example b.example\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n")
	if hosts, err := os.ReadFile(filepath.Join(root, "etc/hosts")); err != nil || !strings.HasSuffix(string(hosts), "\n127.0.1.1\tbox\n") {
		t.Errorf("hosts: %q, %v", hosts, err)
	}
	if strings.Contains(Hosts(""), "127.0.1.1") {
		t.Error("a host without a name got a line")
	}
	if Resolv(nil, nil) != "" {
		t.Error("no servers, but lines")
	}
}
