// Package state mounts the file system that outlives a boot, makes it when it may, and otherwise mounts memory.
package state

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/mount"
)

// Result says what is mounted.
type Result struct {
	// Device is empty for memory.
	Device string
	FSType string
	// InPlace says that target is the initramfs itself, which then stays.
	InPlace bool
}

// Settle lets devices that appear late be found: it returns when one has come, false when there is no use in waiting.
type Settle func(deadline time.Time) bool

// How long a device may take to appear: one that is required or waited for may be behind a slow controller.
const (
	wait     = 10 * time.Second
	longWait = 30 * time.Second
)

// limit is the longest time that find waits.
func limit(cfg config.State) time.Duration {
	if cfg.Required || cfg.Wait {
		return longWait
	}
	return wait
}

// Mount finds, checks and mounts the state file system on target; failing that, memory, unless the state is required.
// The error without a result is fatal; with one it says why there is no disk.
func Mount(cfg config.State, target string, settle Settle) (*Result, error) {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", target, err)
	}
	result, err := mountDisk(cfg, target, settle)
	if err == nil {
		return result, nil
	}
	if cfg.Required {
		return nil, fmt.Errorf("rancher.state.required is set: %w", err)
	}
	result, memoryErr := mountMemory(target)
	if memoryErr != nil {
		return nil, errors.Join(err, memoryErr)
	}
	return result, err
}

// memorySize is the part of the memory that a machine without a state disk may fill with files.
const memorySize = "size=90%"

// mountMemory binds the initramfs to target: moved to the place of the root, a bind can be pivoted, which the first root
// can not, and nothing has to be copied. A ramfs has no extended attributes, which docker needs; then it is a new tmpfs.
func mountMemory(target string) (*Result, error) {
	var root unix.Statfs_t
	if err := unix.Statfs("/", &root); err != nil {
		return nil, fmt.Errorf("looking at the first root: %w", err)
	}
	if root.Type != unix.TMPFS_MAGIC {
		memory := mount.Mount{Source: "state", Target: target, Type: "tmpfs", Options: memorySize + ",mode=0755", Mode: 0o755}
		return &Result{FSType: "tmpfs"}, memory.Apply("/")
	}
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT, memorySize); err != nil {
		return nil, fmt.Errorf("letting the initramfs grow: %w", err)
	}
	if err := unix.Mount("/", target, "", unix.MS_BIND, ""); err != nil {
		return nil, fmt.Errorf("binding the initramfs to %s: %w", target, err)
	}
	return &Result{FSType: "tmpfs", InPlace: true}, nil
}

func mountDisk(cfg config.State, target string, settle Settle) (*Result, error) {
	device, userData, err := find(cfg, settle)
	if err != nil {
		return nil, err
	}
	fsType, err := typeOf(device, cfg.FsType)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(fsType, "ext") && device.Unclean {
		if err := check(device.Path); err != nil {
			kmsg.Error("%v", err)
		}
	}
	if err := unix.Mount(device.Path, target, fsType, unix.MS_NOATIME, ""); err != nil {
		return nil, fmt.Errorf("mounting %s (%s) on %s: %w", device.Path, fsType, target, err)
	}
	if err := makeRoom(filepath.Join(target, filepath.Clean("/"+cfg.Directory)), freeBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", device.Path, err), unix.Unmount(target, 0))
	}
	if userData != nil {
		if err := installUserData(filepath.Join(target, filepath.Clean("/"+cfg.Directory)), userData); err != nil {
			kmsg.Error("user data of %s: %v", device.Path, err)
		}
	}
	return &Result{Device: device.Path, FSType: fsType}, nil
}

// typeOf is the file system to mount: the configured one, or what the device shows.
func typeOf(device blockdev.Device, configured string) (string, error) {
	if configured != "" && configured != "auto" {
		return configured, nil
	}
	if device.Type == "" {
		return "", fmt.Errorf("%s has no file system that ros knows", device.Path)
	}
	return device.Type, nil
}

// find looks for the device; the error is blockdev.ErrNotFound only when none of autoformat's devices is there either. When
// it is not there, arrays are assembled and the script run, once. Then it formats a device when that is allowed, and waits
// for one as long as there is a reason to. With a device that it formatted comes the user data that was on it.
func find(cfg config.State, settle Settle) (blockdev.Device, []byte, error) {
	if cfg.Dev == "" {
		return blockdev.Device{}, nil, errors.New("rancher.state.dev is empty")
	}
	assembled := false
	for deadline := time.Now().Add(limit(cfg)); ; {
		device, err := blockdev.Host.Find(cfg.Dev)
		if err == nil || !errors.Is(err, blockdev.ErrNotFound) {
			return device, nil, err
		}
		if !assembled {
			assembled = true
			if assemble(cfg, onConsole) {
				continue
			}
		}
		if path, err := unformatted(cfg); path != "" || err != nil {
			if err != nil {
				return blockdev.Device{}, nil, err
			}
			device, err := blockdev.Host.Find(path)
			return device, nil, err
		}
		path, formatErr := candidate(cfg)
		if path != "" {
			kmsg.Info("formatting %s for %s", path, cfg.Dev)
			return format(path, cfg)
		}
		if !settle(deadline) {
			if formatErr != nil {
				// There is a disk, so this is no machine without one: the reason is worth to be told.
				err = fmt.Errorf("%v; %w", err, formatErr)
			}
			return blockdev.Device{}, nil, err
		}
	}
}

// check repairs an ext file system that was not left clean: first what is safe without a question, then everything,
// because nobody is there to answer.
func check(path string) error {
	err := tool("e2fsck", 4, "-p", path)
	if err == nil {
		return nil
	}
	kmsg.Error("%v: repairing it with e2fsck -y", err)
	if err := tool("e2fsck", 4, "-f", "-y", path); err != nil {
		return fmt.Errorf("checking %s: %w", path, err)
	}
	return nil
}

// tool runs a program of e2fsprogs that PATH finds; exit codes below failure are a success (e2fsck(8): 1 corrected, 2 reboot advised,
// which counts for mounted file systems only).
func tool(name string, failure int, args ...string) error {
	command := exec.Command(name, args...)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 && exit.ExitCode() < failure {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
