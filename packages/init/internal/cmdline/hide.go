package cmdline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Where the kernel's command line is, seen from a root.
const (
	kernelFile = "/proc/cmdline"
	// wholeFile is for root only. It is there when the command line has something to hide.
	wholeFile = "/run/ros/cmdline"
	shownFile = "/run/ros/cmdline.shown"
)

// Shown is what everybody may read of a command line: what comes after a lone `--`, which the kernel leaves to init, is
// for PID 1 alone. hides says that there is such a part.
func Shown(line string) (shown string, hides bool) {
	before, after, found := strings.Cut(strings.TrimSpace(line)+" ", " -- ")
	if !found || strings.TrimSpace(after) == "" {
		return strings.TrimSpace(line), false
	}
	return before + " --", true
}

// Read is the whole command line for root, and what everybody may see for others.
func Read(root string) (string, error) {
	line, err := os.ReadFile(filepath.Join(root, wholeFile))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		line, err = os.ReadFile(filepath.Join(root, kernelFile))
	}
	if err != nil {
		return "", fmt.Errorf("reading the kernel command line: %w", err)
	}
	return strings.TrimSpace(string(line)), nil
}

// Save writes both forms of a command line that has something to hide.
func Save(root, line string) error {
	shown, hides := Shown(line)
	if !hides {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(wholeFile)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, wholeFile), []byte(line+"\n"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, shownFile), []byte(shown+"\n"), 0o444)
}

// Hide puts what may be seen over /proc/cmdline of this mount namespace. A container has a /proc of its own, so its first
// program must do it again, before it gives up its privileges.
func Hide() error {
	if _, err := os.Stat(shownFile); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := unix.Mount(shownFile, kernelFile, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("hiding a part of %s: %w", kernelFile, err)
	}
	return nil
}
