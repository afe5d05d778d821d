// Package etc fills /etc with what programs expect to find there.
package etc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
)

// file is a file of last resort, for a system whose /usr/etc does not have it.
type file struct {
	path, content string
	mode          os.FileMode
}

var minimal = []file{
	{"passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n", 0o644},
	{"group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n", 0o644},
	{"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", 0o644},
}

// Defaults copies what /usr/etc has and /etc has not. Nothing that exists is changed.
func Defaults(root string) error {
	source, target := filepath.Join(root, "usr/etc"), filepath.Join(root, "etc")
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		return copyMissing(path, filepath.Join(target, relative), entry)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copying the defaults of /etc: %w", err)
	}
	for _, f := range minimal {
		path := filepath.Join(target, f.path)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := atomicfile.Write(path, []byte(f.content), f.mode, nil); err != nil {
			return err
		}
	}
	return nil
}

func copyMissing(source, target string, entry fs.DirEntry) error {
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		return os.MkdirAll(target, info.Mode().Perm())
	case entry.Type()&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(link, target)
	case !entry.Type().IsRegular():
		return nil
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return atomicfile.Write(target, content, info.Mode().Perm(), nil)
}

// Hosts is the content of /etc/hosts.
func Hosts(hostname string) string {
	lines := []string{
		"127.0.0.1\tlocalhost",
		"::1\tlocalhost ip6-localhost ip6-loopback",
		"ff02::1\tip6-allnodes",
		"ff02::2\tip6-allrouters",
	}
	if hostname != "" {
		lines = append(lines, "127.0.1.1\t"+hostname)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Resolv is the content of /etc/resolv.conf before any answer of a DHCP server.
func Resolv(nameservers, search []string) string {
	var out strings.Builder
	if len(search) > 0 {
		out.WriteString("search " + strings.Join(search, " ") + "\n")
	}
	for _, server := range nameservers {
		out.WriteString("nameserver " + server + "\n")
	}
	return out.String()
}

// Machine writes the files that follow from the configuration, anew on every boot.
func Machine(root, hostname string, nameservers, search []string) error {
	for _, f := range []file{
		{"etc/hostname", hostname + "\n", 0o644},
		{"etc/hosts", Hosts(hostname), 0o644},
		{"etc/resolv.conf", Resolv(nameservers, search), 0o644},
	} {
		if err := atomicfile.Write(filepath.Join(root, f.path), []byte(f.content), f.mode, nil); err != nil {
			return err
		}
	}
	return nil
}
