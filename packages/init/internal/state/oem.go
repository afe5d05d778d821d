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
	if cfg.OemDev == "" {
		return false, nil
	}
	device, err := blockdev.Host.Find(cfg.OemDev)
	if errors.Is(err, blockdev.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("rancher.state.oem_dev: %w", err)
	}
	fsType, err := typeOf(device, cfg.OemFsType)
	if err != nil {
		return false, fmt.Errorf("rancher.state.oem_dev: %w", err)
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return false, err
	}
	if err := unix.Mount(device.Path, target, fsType, unix.MS_NOATIME, ""); err != nil {
		return false, fmt.Errorf("mounting %s (%s) on %s: %w", device.Path, fsType, target, err)
	}
	return true, nil
}
