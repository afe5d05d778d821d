package mount

import (
	"fmt"
	"os"
	"path/filepath"
)

// Links are the symbolic links of a merged /usr and of /run, and the devices' usual ones: name, then content.
var Links = [][2]string{
	{"/bin", "usr/bin"},
	{"/sbin", "usr/sbin"},
	{"/lib", "usr/lib"},
	{"/lib64", "usr/lib64"},
	{"/var/run", "../run"},
	{"/var/lock", "../run/lock"},
	{"/etc/mtab", "../proc/self/mounts"},
}

// DeviceLinks are the links of /dev that devtmpfs does not make.
var DeviceLinks = [][2]string{
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
}

// Dirs are the directories of a root, with their modes.
var Dirs = []struct {
	Path string
	Mode os.FileMode
}{
	{"/dev", 0o755}, {"/proc", 0o555}, {"/sys", 0o555}, {"/run", 0o755}, {"/run/lock", 0o777 | os.ModeSticky},
	{"/etc", 0o755}, {"/home", 0o755}, {"/media", 0o755}, {"/mnt", 0o755}, {"/opt", 0o755}, {"/root", 0o700},
	{"/tmp", 0o777 | os.ModeSticky}, {"/var", 0o755}, {"/var/cache", 0o755}, {"/var/lib", 0o755},
	{"/var/lib/docker", 0o711}, {"/var/lib/system-docker", 0o711},
	{"/var/lib/rancher", 0o755}, {"/var/lib/rancher/conf", 0o755}, {"/var/lib/rancher/conf/cloud-config.d", 0o755},
	{"/var/log", 0o755}, {"/var/tmp", 0o777 | os.ModeSticky},
}

// MakeRoot makes the directories and links of a root where they are missing. A directory or file in a link's place is
// an error: without these links no program of /usr can run.
func MakeRoot(root string) error {
	for _, dir := range Dirs {
		path := filepath.Join(root, dir.Path)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.MkdirAll(path, dir.Mode.Perm()); err != nil {
			return fmt.Errorf("making %s: %w", path, err)
		}
		// The mode of MkdirAll is cut by the umask and has no sticky bit.
		if err := os.Chmod(path, dir.Mode); err != nil {
			return fmt.Errorf("setting the mode of %s: %w", path, err)
		}
	}
	return MakeLinks(root, Links)
}

// MakeLinks makes links below root where nothing is.
func MakeLinks(root string, links [][2]string) error {
	for _, link := range links {
		path := filepath.Join(root, link[0])
		if info, err := os.Lstat(path); err == nil {
			if info.Mode()&os.ModeSymlink == 0 {
				return fmt.Errorf("%s must be a symbolic link to %s, but something else is there", path, link[1])
			}
			continue
		}
		if err := os.Symlink(link[1], path); err != nil {
			return fmt.Errorf("linking %s: %w", path, err)
		}
	}
	return nil
}
