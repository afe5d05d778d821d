// Package switchroot leaves the initramfs: it makes a root on the state file system, moves the machine there and frees
// the memory that the initramfs took.
package switchroot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/copytree"
	"rancheros-kit/init/internal/mount"
)

// Options say what the new root is made of.
type Options struct {
	// Mounted is where the state file system is mounted.
	Mounted string
	// Directory below it becomes the root; empty means its top.
	Directory string
	// Version names the usr tree.
	Version string
	// Always copies the usr tree even when it is there.
	Always bool
	// Kind says what Mounted is.
	Kind Kind
}

// Kind of a new root.
type Kind int

const (
	// Disk keeps /usr from one boot to the next, one tree per version.
	Disk Kind = iota
	// Memory is an empty tmpfs, where two copies of /usr at once must be avoided.
	Memory
	// InPlace is a bind of the initramfs, which is complete already.
	InPlace
)

// Result says what Prepare did.
type Result struct {
	// Root is the new root.
	Root string
	// Kept says that the new root is the initramfs, which must not be deleted.
	Kept bool
	// Copied says that the usr tree is new, and that Commit is still to come when the root is on a disk.
	Copied bool
}

// moved are the mount points that go along, with all that is mounted below them.
var moved = []string{"/dev", "/proc", "/sys", "/run"}

// Prepare makes the new root complete. Nothing of the running system is changed yet, except that in memory the files of
// /usr are moved and not copied.
func Prepare(options Options) (Result, error) {
	if options.Kind == InPlace {
		return Result{Root: options.Mounted, Kept: true}, os.Remove(filepath.Join(options.Mounted, "init"))
	}
	root, err := stateDirectory(options.Mounted, options.Directory)
	if err != nil {
		return Result{}, err
	}
	usr, err := PlanUsr("/usr", root, options.Version, options.Always)
	if err != nil {
		return Result{}, err
	}
	if err := mount.MakeRoot(root); err != nil {
		return Result{}, fmt.Errorf("making the new root: %w", err)
	}
	if err := clear(filepath.Join(root, "tmp")); err != nil {
		return Result{}, err
	}
	switch {
	case options.Kind == Memory:
		copier := copytree.Copier{Move: true}
		err = copier.Tree("/usr", filepath.Join(root, usr.Name))
	case usr.Copy:
		err = usr.Install("/usr", root)
		if errors.Is(err, unix.ENOSPC) && MakeRoom(root) {
			err = usr.Install("/usr", root)
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("installing %s: %w", usr.Name, err)
	}
	return Result{Root: root, Copied: usr.Copy && options.Kind == Disk}, usr.Link(root)
}

// stateDirectory binds a directory of the state file system over its top, so that the rest is out of sight.
func stateDirectory(mounted, directory string) (string, error) {
	if directory == "" {
		return mounted, nil
	}
	clean := filepath.Clean("/" + directory)
	if strings.Contains("/"+directory+"/", "/../") || clean == "/" {
		return "", fmt.Errorf("rancher.state.directory %q must be a path below the state file system", directory)
	}
	path := filepath.Join(mounted, clean)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("making rancher.state.directory: %w", err)
	}
	if err := unix.Mount(path, mounted, "", unix.MS_BIND, ""); err != nil {
		return "", fmt.Errorf("binding %s over %s: %w", path, mounted, err)
	}
	return mounted, nil
}

// Enter makes the prepared root the root of this process and deletes the initramfs. The caller should exec a program of the new root
// at once: what it runs of the old one stays in memory until then.
func Enter(prepared Result) error {
	root := prepared.Root
	old, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the initramfs: %w", err)
	}
	defer unix.Close(old)
	for _, target := range moved {
		if err := unix.Mount(target, filepath.Join(root, target), "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("moving %s to the new root: %w", target, err)
		}
	}
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("entering %s: %w", root, err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("moving %s to /: %w", root, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("changing root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("entering the new root: %w", err)
	}
	if prepared.Kept {
		return nil
	}
	return removeInitramfs(fmt.Sprintf("/proc/self/fd/%d", old))
}
