package cloudinit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/blockdev"

	"golang.org/x/sys/unix"
)

const (
	configDriveLabel = "config-2"
	configDriveMount = "/media/config-2"
	mountFlags       = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
)

// readConfigDrive mounts the disk with the label config-2 (iso9660 or vfat), else the 9p share with this tag, reads it and
// unmounts it. A directory that has the tree already is read as it is.
func readConfigDrive(root, directory string) (answer, error) {
	if directory == "" {
		directory = configDriveMount
	}
	target := filepath.Join(root, directory)
	if found, err := readOpenStack(target); !errors.Is(err, errAbsent) {
		return found, err
	}
	source, fsType, options, err := configDrive()
	if err != nil {
		return answer{}, err
	}
	if err := os.MkdirAll(target, 0o700); err != nil {
		return answer{}, fmt.Errorf("making %s: %w", target, err)
	}
	if err := unix.Mount(source, target, fsType, mountFlags, options); err != nil {
		return answer{}, fmt.Errorf("mounting %s (%s) on %s: %w", source, fsType, target, err)
	}
	found, err := readOpenStack(target)
	if unmountErr := unix.Unmount(target, unix.MNT_DETACH); unmountErr != nil {
		err = errors.Join(err, fmt.Errorf("unmounting %s: %w", target, unmountErr))
	}
	return found, err
}

// configDrive gives mount(2)'s source, type and options of the drive.
func configDrive() (source, fsType, options string, err error) {
	device, err := blockdev.Host.Find("LABEL=" + configDriveLabel)
	if err == nil {
		return device.Path, device.Type, "", nil
	}
	if !errors.Is(err, blockdev.ErrNotFound) {
		return "", "", "", fmt.Errorf("looking for the disk %s: %w", configDriveLabel, err)
	}
	if hasShare("/sys", configDriveLabel) {
		return configDriveLabel, "9p", "trans=virtio,version=9p2000.L", nil
	}
	return "", "", "", errAbsent
}

// hasShare looks for a 9p share among the virtio devices, so that a machine without one does not try to mount it.
func hasShare(sys, tag string) bool {
	files, err := filepath.Glob(filepath.Join(sys, "bus/virtio/drivers/9pnet_virtio/*/mount_tag"))
	if err != nil {
		return false
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.TrimRight(string(content), "\x00\n") == tag {
			return true
		}
	}
	return false
}
