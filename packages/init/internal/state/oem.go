package state

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
)

// MountOEM mounts the vendor's file system, when there is one, on target. It does not wait for it.
func MountOEM(cfg config.State, target string) (mounted bool, err error) {
	return mountExtra("rancher.state.oem_dev", cfg.OemDev, cfg.OemFsType, target)
}

// MountBoot mounts the file system with kernel and boot loader, when there is one, on target.
func MountBoot(cfg config.State, target string) error {
	_, err := mountExtra("rancher.state.boot_dev", cfg.BootDev, cfg.BootFsType, target)
	return err
}

// mountExtra mounts what a key of the configuration names, if it is there.
func mountExtra(key, spec, configured, target string) (mounted bool, err error) {
	if spec == "" {
		return false, nil
	}
	device, err := blockdev.Host.Find(spec)
	if errors.Is(err, blockdev.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", key, err)
	}
	fsType, err := typeOf(device, configured)
	if err != nil {
		return false, fmt.Errorf("%s: %w", key, err)
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return false, err
	}
	if err := unix.Mount(device.Path, target, fsType, unix.MS_NOATIME, ""); err != nil {
		return false, fmt.Errorf("mounting %s (%s) on %s: %w", device.Path, fsType, target, err)
	}
	return true, nil
}
