package switchroot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/copytree"
)

// BuildID tells two builds of one version apart, relative to the root and to the usr tree. On the state disk it is
// written last, when everything else is on the disk: a tree without it is copied again.
const (
	buildIDInUsr = "share/ros/build-id"
	linkName     = "usr"
)

// Usr is the plan for the /usr tree of a root on a disk.
type Usr struct {
	// Name is usr-<version>.
	Name string
	// Copy says that the tree must be copied from the initramfs.
	Copy bool
}

// PlanUsr compares the tree on the disk with the one of the running initramfs.
func PlanUsr(source, root, version string, always bool) (Usr, error) {
	usr := Usr{Name: "usr-" + version}
	link := filepath.Join(root, linkName)
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return usr, fmt.Errorf("%s is not a symbolic link: this is no state file system of RancherOS", link)
	}
	ours, err := os.ReadFile(filepath.Join(source, buildIDInUsr))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return usr, err
	}
	theirs, err := os.ReadFile(filepath.Join(root, usr.Name, buildIDInUsr))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return usr, err
	}
	usr.Copy = always || err != nil || !bytes.Equal(ours, theirs)
	return usr, nil
}

// Install copies the tree by way of a temporary name. The build id is left out: Commit writes it.
func (u Usr) Install(source, root string) error {
	target := filepath.Join(root, u.Name)
	fresh, old := target+".new", target+".old"
	for _, leftover := range []string{fresh, old} {
		if err := os.RemoveAll(leftover); err != nil {
			return fmt.Errorf("removing a leftover: %w", err)
		}
	}
	skip := filepath.Join(source, buildIDInUsr)
	copier := copytree.Copier{Skip: func(path string) bool { return path == skip }}
	if err := copier.Tree(source, fresh); err != nil {
		return err
	}
	if err := os.Rename(target, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("moving the old tree away: %w", err)
	}
	if err := os.Rename(fresh, target); err != nil {
		return fmt.Errorf("putting the new tree in place: %w", err)
	}
	return os.RemoveAll(old)
}

// Link points root/usr at the tree, by way of a temporary name so that the link is never missing. The tree that it pointed
// at before is remembered as usr.previous.
func (u Usr) Link(root string) error {
	link := filepath.Join(root, linkName)
	before, err := os.Readlink(link)
	if err == nil && before == u.Name {
		return nil
	}
	if err == nil {
		if err := replaceLink(before, filepath.Join(root, previousName)); err != nil {
			return err
		}
	}
	return replaceLink(u.Name, link)
}

func replaceLink(target, link string) error {
	fresh := link + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, fresh); err != nil {
		return fmt.Errorf("linking %s: %w", link, err)
	}
	if err := os.Rename(fresh, link); err != nil {
		return fmt.Errorf("linking %s: %w", link, err)
	}
	return nil
}

// Commit writes everything to the disk and then the build id, which makes the usr tree valid for the next boot.
func Commit(root, buildID string) error {
	dir, err := os.Open(filepath.Join(root, "usr"))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("writing /usr to the disk: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(root, "usr", buildIDInUsr), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(buildID)
	return errors.Join(err, file.Sync(), file.Close())
}

// BuildID reads the build id of a usr tree; a system without one has none.
func BuildID(usr string) (string, error) {
	text, err := os.ReadFile(filepath.Join(usr, buildIDInUsr))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}
