package kmod

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever the tables say: no panic, and what is looked up comes to an end.
func FuzzIndex(f *testing.F) {
	f.Add("kernel/a.ko: kernel/b.ko\nkernel/b.ko:", "alias pci:v*d* a\nalias x [a", "softdep a pre: b post: c", "pci:v1d2")
	f.Add("a.ko: a.ko", "alias * a", "softdep a pre: a", "anything")
	f.Fuzz(func(t *testing.T, dep, alias, soft, request string) {
		directory := t.TempDir()
		for name, text := range map[string]string{"modules.dep": dep, "modules.alias": alias, "modules.softdep": soft} {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		index, err := ReadIndex(directory)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = index.Resolve(request)
	})
}
