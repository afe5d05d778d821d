package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/mount"
)

// grouped are the controllers of version 1 that share a hierarchy, as docker and systemd expect them.
var grouped = []string{"cpu,cpuacct", "net_cls,net_prio"}

// hierarchies are the names of version 1's hierarchies for the content of /proc/cgroups (cgroups(7): name, hierarchy, number
// of groups, enabled), in its order.
func hierarchies(proc string) []string {
	var names []string
	known := map[string]bool{}
	for _, line := range strings.Split(proc, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 4 && !strings.HasPrefix(fields[0], "#") && fields[3] != "0" {
			names = append(names, fields[0])
			known[fields[0]] = true
		}
	}
	var out []string
	seen := map[string]bool{}
	for _, name := range names {
		for _, group := range grouped {
			first, second, _ := strings.Cut(group, ",")
			if known[first] && known[second] && (name == first || name == second) {
				name = group
			}
		}
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// version1 are the mounts of version 1: one for each hierarchy, one without a controller that systemd's programs look for,
// and in hybrid mode that of version 2, which then has no controllers.
func version1(names []string, hybrid bool) []mount.Mount {
	rows := []mount.Mount{{Source: "cgroup", Target: Root, Type: "tmpfs", Flags: flags, Options: "mode=0755", Mode: 0o755}}
	for _, name := range names {
		rows = append(rows, mount.Mount{Source: "cgroup", Target: filepath.Join(Root, name), Type: "cgroup", Flags: flags, Options: name, Mode: 0o755})
	}
	rows = append(rows, mount.Mount{Source: "cgroup", Target: Root + "/systemd", Type: "cgroup", Flags: flags, Options: "none,name=systemd", Mode: 0o755})
	if hybrid {
		rows = append(rows, mount.Mount{Source: "cgroup2", Target: Root + "/unified", Type: "cgroup2", Flags: flags, Mode: 0o755})
	}
	return rows
}

// links are the names of the controllers that share a hierarchy.
func links(names []string) [][2]string {
	var out [][2]string
	for _, name := range names {
		if strings.Contains(name, ",") {
			for _, single := range strings.Split(name, ",") {
				out = append(out, [2]string{filepath.Join(Root, single), name})
			}
		}
	}
	return out
}

// mountVersion1 mounts what the kernel has. Controllers that it lists but no longer has in version 1 are named in the error;
// the others are there.
func mountVersion1(root string, hybrid bool) error {
	proc, err := os.ReadFile(filepath.Join(root, "/proc/cgroups"))
	if err != nil {
		return fmt.Errorf("looking for the controllers of cgroup v1: %w", err)
	}
	names := hierarchies(string(proc))
	var failures []error
	for _, row := range version1(names, hybrid) {
		if err := row.Apply(root); err != nil {
			failures = append(failures, err)
			_ = os.Remove(filepath.Join(root, row.Target)) // an empty directory would look like a hierarchy
		}
	}
	return errors.Join(append(failures, mount.MakeLinks(root, links(names)))...)
}
