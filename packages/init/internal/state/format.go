package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
)

const (
	boot2dockerMagic = "boot2docker, please format-me"
	zeroLimit        = 1 << 20
	defaultLabel     = "RANCHER_STATE"
	// maxLabel is the size of the label in an ext superblock.
	maxLabel = 16
)

// formattable says whether a device may be formatted: it asks for it with boot2docker's magic, or its first MiB is zero
// and that is allowed.
func formattable(device io.ReaderAt, zeroAllowed bool) (bool, error) {
	head := make([]byte, zeroLimit)
	n, err := device.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if bytes.HasPrefix(head[:n], []byte(boot2dockerMagic)) {
		return true, nil
	}
	return zeroAllowed && n == zeroLimit && len(bytes.Trim(head, "\x00")) == 0, nil
}

// label is the label that a new file system gets, so that rancher.state.dev finds it on the next boot.
func label(dev string) (string, error) {
	name, found := strings.CutPrefix(dev, "LABEL=")
	if !found {
		name = defaultLabel
	}
	if name == "" || len(name) > maxLabel {
		return "", fmt.Errorf("label %q has %d bytes, ext4 takes 1 to %d", name, len(name), maxLabel)
	}
	return name, nil
}

// formatType is the file system that autoformat makes for rancher.state.fstype.
func formatType(fsType string) (string, error) {
	switch fsType {
	case "", "auto", "ext4":
		return "ext4", nil
	case "ext2", "ext3":
		return fsType, nil
	}
	return "", fmt.Errorf("rancher.state.fstype is %s, autoformat makes ext2, ext3 and ext4 only", fsType)
}

// candidate is the first device of autoformat that may be formatted, or nothing; then the error says why the others may
// not.
func candidate(cfg config.State) (string, error) {
	var failures []error
	for _, path := range cfg.Autoformat {
		info, err := os.Stat(path)
		if err != nil || info.Mode()&os.ModeDevice == 0 || info.Mode()&os.ModeCharDevice != 0 {
			continue
		}
		fit, err := openFormattable(path, cfg.FormatZero)
		if err != nil {
			failures = append(failures, fmt.Errorf("looking at %s for autoformat: %w", path, err))
		}
		if fit {
			return path, nil
		}
		if err == nil {
			failures = append(failures, fmt.Errorf("autoformat leaves %s alone: %s", path, reason(cfg.FormatZero)))
		}
	}
	return "", errors.Join(failures...)
}

func reason(zeroAllowed bool) string {
	if zeroAllowed {
		return "its first MiB is not blank"
	}
	return "it does not ask for it, and rancher.state.formatzero is not set"
}

func openFormattable(path string, zeroAllowed bool) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	return formattable(file, zeroAllowed)
}

// format makes a file system on the whole device. Second is the user data that was on it.
func format(path string, cfg config.State) (blockdev.Device, []byte, error) {
	name, err := label(cfg.Dev)
	if err != nil {
		return blockdev.Device{}, nil, err
	}
	fsType, err := formatType(cfg.FsType)
	if err != nil {
		return blockdev.Device{}, nil, err
	}
	userData, err := readUserData(path)
	if err != nil {
		return blockdev.Device{}, nil, err
	}
	if err := tool("mke2fs", 1, "-q", "-F", "-t", fsType, "-L", name, path); err != nil {
		return blockdev.Device{}, nil, fmt.Errorf("formatting %s: %w", path, err)
	}
	device, err := blockdev.Host.Find(path)
	return device, userData, err
}
