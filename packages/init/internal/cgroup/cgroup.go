// Package cgroup sets up control groups: version 2, version 1, or both side by side.
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/mount"
)

// Root is where the hierarchy is mounted.
const Root = "/sys/fs/cgroup"

var hierarchy = mount.Mount{Source: "cgroup2", Target: Root, Type: "cgroup2",
	Flags: flags, Options: "nsdelegate,memory_recursiveprot", Mode: 0o755}

// Mount mounts control groups below root, where /proc is. A kernel without version 2 gets version 1.
func Mount(root string, mode Mode) error {
	if mode != V2 {
		return mountVersion1(root, mode == Hybrid)
	}
	err := hierarchy.Apply(root)
	if errors.Is(err, unix.EINVAL) {
		plain := hierarchy
		plain.Options = ""
		err = plain.Apply(root)
	}
	if errors.Is(err, unix.ENODEV) {
		return mountVersion1(root, false)
	}
	return err
}

// Setup prepares version 2 for containers; version 1 needs nothing. It moves every process to the group init, because a group with processes can not give controllers to its children
// ("no internal processes", kernel documentation, cgroup-v2.rst), and then enables all controllers.
func Setup(group string) error {
	if _, err := os.Stat(filepath.Join(group, "cgroup.controllers")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	leaf := filepath.Join(group, "init")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", leaf, err)
	}
	pids, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	if err != nil {
		return fmt.Errorf("reading the processes of %s: %w", group, err)
	}
	var failures []error
	for _, pid := range strings.Fields(string(pids)) {
		err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(pid), 0)
		// Kernel threads stay in the root group and do no harm there.
		if err != nil && pid == strconv.Itoa(os.Getpid()) {
			failures = append(failures, fmt.Errorf("moving PID %s to %s: %w", pid, leaf, err))
		}
	}
	controllers, err := os.ReadFile(filepath.Join(group, "cgroup.controllers"))
	if err != nil {
		return errors.Join(append(failures, fmt.Errorf("reading the controllers of %s: %w", group, err))...)
	}
	for _, controller := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), []byte("+"+controller), 0); err != nil {
			failures = append(failures, fmt.Errorf("enabling the controller %s: %w", controller, err))
		}
	}
	return errors.Join(failures...)
}
