package console

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/version"
)

// makeDirectories makes what programs expect and an image of unpacked packages may lack.
func makeDirectories(root string) error {
	var problems []error
	for _, directory := range []struct {
		path string
		mode os.FileMode
	}{
		{"/run/sshd", 0o755},
		{"/run/lock", 0o777 + os.ModeSticky},
		{"/tmp", 0o777 + os.ModeSticky},
		{"/var/tmp", 0o777 + os.ModeSticky},
		{"/var/log", 0o755},
		{"/root", 0o700},
	} {
		path := filepath.Join(root, directory.path)
		err := os.MkdirAll(path, 0o755)
		if err == nil {
			err = os.Chmod(path, directory.mode)
		}
		problems = append(problems, err)
	}
	for path, target := range map[string]string{"/var/run": "/run", "/var/lock": "/run/lock"} {
		if err := os.Symlink(target, filepath.Join(root, path)); !errors.Is(err, os.ErrExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// makeHomes makes the home directories, which outlive the container, and gives them to their users.
func makeHomes(root string) error {
	var problems []error
	for _, name := range []string{"rancher", "docker"} {
		user, err := account.Find(root, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		home := filepath.Join(root, user.Home)
		if err := os.MkdirAll(home, 0o755); err != nil {
			problems = append(problems, err)
			continue
		}
		problems = append(problems, os.Chown(home, user.UID, user.GID))
	}
	return errors.Join(problems...)
}

// writeRelease says which system this is (os-release(5)).
func writeRelease(root string) error {
	release := fmt.Sprintf("NAME=\"RancherOS\"\nVERSION=%s\nID=rancheros\nID_LIKE=debian\nVERSION_ID=%s\nPRETTY_NAME=\"RancherOS %s\"\n",
		version.Version, version.Version, version.Version)
	return atomicfile.Write(filepath.Join(root, "/etc/os-release"), []byte(release), 0o644, nil)
}
