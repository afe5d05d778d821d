package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
)

// mountLimit bounds one mount: a file server that does not answer keeps nobody waiting for longer.
const mountLimit = 60 * time.Second

// Mount mounts what the configuration lists, in its order, by the programs mount and swapon, which know all types and tags.
// What is mounted there already stays.
func Mount(mounts []config.Fields) error {
	var problems []error
	for _, fields := range mounts {
		if err := mountOne(fields); err != nil {
			problems = append(problems, fmt.Errorf("mounts, %s: %w", strings.Join(fields, " "), err))
		}
	}
	return errors.Join(problems...)
}

func mountOne(fields []string) error {
	command, target, err := mountCommand(fields)
	if err != nil {
		return err
	}
	if target != "" {
		if table, err := os.ReadFile("/proc/self/mountinfo"); err == nil && isMounted(string(table), target) {
			return nil
		}
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
	} else if table, err := os.ReadFile("/proc/swaps"); err == nil && isSwap(string(table), fields[0]) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), mountLimit)
	defer cancel()
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.WaitDelay = time.Second
	if output, err := program.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(output)))
	}
	return nil
}

// mountCommand gives the program and its arguments, and the directory; none for swap.
func mountCommand(fields []string) (command []string, target string, err error) {
	field := func(at int) string {
		if at < len(fields) {
			return fields[at]
		}
		return ""
	}
	device, target, fsType, options := field(0), field(1), field(2), field(3)
	switch {
	case device == "":
		return nil, "", errors.New("want device, directory, type and options")
	case fsType == "swap":
		command = []string{"swapon"}
		if options != "" && options != "defaults" && options != "sw" {
			command = append(command, "-o", options)
		}
		return append(command, "--", device), "", nil
	case !filepath.IsAbs(target):
		return nil, "", fmt.Errorf("directory %q is not absolute", target)
	}
	command = []string{"mount"}
	if fsType != "" && fsType != "auto" {
		command = append(command, "-t", fsType)
	}
	if options != "" {
		command = append(command, "-o", options)
	}
	target = filepath.Clean(target)
	return append(command, "--", device, target), target, nil
}

// mountEscapes are those of proc_pid_mountinfo(5).
var mountEscapes = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)

// isMounted looks for a mount point in a table of the form of proc_pid_mountinfo(5).
func isMounted(table, target string) bool {
	escaped := mountEscapes.Replace(target)
	return slices.ContainsFunc(strings.Split(table, "\n"), func(line string) bool {
		fields := strings.Fields(line)
		return len(fields) > 4 && fields[4] == escaped
	})
}

// isSwap looks for a device in a table of the form of proc_swaps(5).
func isSwap(table, device string) bool {
	return slices.ContainsFunc(strings.Split(table, "\n"), func(line string) bool {
		fields := strings.Fields(line)
		return len(fields) > 0 && fields[0] == device
	})
}
