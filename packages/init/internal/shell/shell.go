// Package shell is the machine's own shell: busybox, for the recovery console and for rancher.state.script. Nothing of an
// ordinary boot needs it.
package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	busybox = "/usr/bin/busybox"
	// applets is in memory, so that nothing of it is left on a disk.
	applets = "/run/ros/applets"
	profile = "/run/ros/applets.profile"
	usrBin  = "/usr/bin"
)

// Shell is where the programs of a shell are.
type Shell struct {
	busybox, applets, profile string
}

// Open makes the links of busybox's applets. The error says that there is no shell on board.
func Open() (Shell, error) {
	s := Shell{busybox, applets, profile}
	if _, err := os.Stat(s.busybox); err != nil {
		return s, fmt.Errorf("this system has no shell: %w", err)
	}
	if err := os.MkdirAll(s.applets, 0o755); err != nil {
		return s, err
	}
	if output, err := exec.Command(s.busybox, "--install", "-s", s.applets).CombinedOutput(); err != nil {
		return s, fmt.Errorf("linking the applets of %s: %w: %s", s.busybox, err, strings.TrimSpace(string(output)))
	}
	names, err := both(usrBin, s.applets)
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(s.profile, []byte(aliases(usrBin, names)), 0o644)
}

// both lists what is in two directories, in name order.
func both(first, second string) ([]string, error) {
	entries, err := os.ReadDir(first)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		_, err := os.Lstat(filepath.Join(second, entry.Name()))
		if err == nil {
			names = append(names, entry.Name())
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return names, nil
}

// aliases make the shell, which takes its own applets before any program, run the machine's programs of the same name:
// mke2fs of e2fsprogs, poweroff of ros.
func aliases(directory string, names []string) string {
	var out strings.Builder
	for _, name := range names {
		if name != "busybox" {
			fmt.Fprintf(&out, "alias %s=%s/%s\n", name, directory, name)
		}
	}
	out.WriteString("PS1='recovery:\\w# '\n")
	return out.String()
}

// Interactive is the command line of a shell for a terminal.
func (s Shell) Interactive() (program string, args []string) {
	return s.busybox, []string{"sh", "-i"}
}

// Script is the command line that runs a text.
func (s Shell) Script(text string) (program string, args []string) {
	return s.busybox, []string{"sh", "-c", text}
}

// Environment is that of both, with terminal as the type of the terminal.
func (s Shell) Environment(terminal string) []string {
	path := []string{usrBin, "/usr/sbin", s.applets}
	return []string{"PATH=" + strings.Join(path, ":"), "HOME=/root", "TERM=" + terminal, "ENV=" + s.profile}
}
