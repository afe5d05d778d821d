package daemon

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSetAside(t *testing.T) {
	root := t.TempDir()
	put := func(path string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(path string) bool {
		_, err := os.Stat(filepath.Join(root, path))
		return err == nil
	}
	for _, path := range []string{"containers/a/config.v2.json", "containerd/meta.db", "volumes/metadata.db", "volumes/kept/_data/x", "image/overlay2/repositories.json", "overlay2/l/x", "set-aside/old"} {
		put(path)
	}
	for range 2 {
		if _, err := SetAside(root); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"volumes/kept/_data/x", "image/overlay2/repositories.json", "overlay2/l/x"} {
			if !exists(path) {
				t.Errorf("%s is gone", path)
			}
		}
		for _, path := range []string{"containers", "containerd", "volumes/metadata.db", "set-aside/old"} {
			if exists(path) {
				t.Errorf("%s is still there", path)
			}
		}
	}
}

func TestLogEnd(t *testing.T) {
	root := t.TempDir()
	if end := LogEnd(root); end == "" {
		t.Error("no log is told as nothing")
	}
	path := filepath.Join(root, logFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		"time=1 level=info msg=a\nfailed to start daemon: no space left on device\ntime=2 level=info msg=b\n": "failed to start daemon: no space left on device",
		"one\ntwo\n": "two",
		"":           "",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if end := LogEnd(root); end != want {
			t.Errorf("%q: %q", content, end)
		}
	}
}
