package cloudinit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"

	"golang.org/x/sys/unix"
)

const mountFlags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// drive is a disk that a data source is on: the labels of its file system, of which the first is also the tag of a 9p share
// when share is set, and the directory it is read at.
type drive struct {
	labels    []string
	share     bool
	directory string
}

var (
	openStackDrive = drive{labels: []string{"config-2"}, share: true, directory: "/media/config-2"}
	noCloudDrive   = drive{labels: []string{"cidata", "CIDATA"}, directory: "/media/cidata"}
)

// askConfigDrive reads OpenStack's config drive: iso9660, vfat, or a 9p share.
func askConfigDrive(_ context.Context, a *asker, directory string) (answer, error) {
	return a.fromDrive(openStackDrive, directory, readOpenStack)
}

// fromDrive mounts a drive, reads it and unmounts it. A directory that has the files already is read as it is.
func (a *asker) fromDrive(drive drive, directory string, read func(directory string) (answer, error)) (answer, error) {
	if directory == "" {
		directory = drive.directory
	}
	target := filepath.Join(a.root, directory)
	if found, err := read(target); !errors.Is(err, errAbsent) {
		return found, err
	}
	source, fsType, options, err := drive.find()
	if err != nil {
		return answer{}, err
	}
	return mounted(source, fsType, options, target, read)
}

func mounted(source, fsType, options, target string, read func(directory string) (answer, error)) (answer, error) {
	if err := os.MkdirAll(target, 0o700); err != nil {
		return answer{}, fmt.Errorf("making %s: %w", target, err)
	}
	if err := unix.Mount(source, target, fsType, mountFlags, options); err != nil {
		return answer{}, fmt.Errorf("mounting %s (%s) on %s: %w", source, fsType, target, err)
	}
	found, err := read(target)
	if unmountErr := unix.Unmount(target, unix.MNT_DETACH); unmountErr != nil {
		err = errors.Join(err, fmt.Errorf("unmounting %s: %w", target, unmountErr))
	}
	return found, err
}

// find gives mount(2)'s source, type and options of the drive.
func (d drive) find() (source, fsType, options string, err error) {
	for _, label := range d.labels {
		device, err := blockdev.Host.Find("LABEL=" + label)
		if err == nil {
			return device.Path, device.Type, "", nil
		}
		if !errors.Is(err, blockdev.ErrNotFound) {
			return "", "", "", fmt.Errorf("looking for the disk %s: %w", label, err)
		}
	}
	if d.share && hasShare("/sys", d.labels[0]) {
		return d.labels[0], "9p", "trans=virtio,version=9p2000.L", nil
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

// openStackMetadata is the part of OpenStack's meta_data.json that is used (Nova, "Metadata").
type openStackMetadata struct {
	Hostname   string            `json:"hostname"`
	PublicKeys map[string]string `json:"public_keys"`
}

func (m openStackMetadata) metadata() config.Metadata {
	return config.Metadata{Hostname: m.Hostname, SSHPublicKeys: m.PublicKeys}
}

// readOpenStack reads the tree of a config drive: openstack/latest/{user_data,meta_data.json}. Either file may be missing.
func readOpenStack(directory string) (answer, error) {
	latest := filepath.Join(directory, "openstack", "latest")
	if _, err := os.Stat(latest); err != nil {
		return answer{}, absent(err)
	}
	userData, err := readFile(filepath.Join(latest, "user_data"))
	if err != nil && !errors.Is(err, errAbsent) {
		return answer{}, err
	}
	found := answer{userData: userData}
	text, err := readFile(filepath.Join(latest, "meta_data.json"))
	if errors.Is(err, errAbsent) {
		return found, nil
	}
	if err != nil {
		return found, err
	}
	found.metadata, err = parseOpenStack(text)
	return found, err
}

func parseOpenStack(text []byte) (config.Metadata, error) {
	var metadata openStackMetadata
	if err := json.Unmarshal(text, &metadata); err != nil {
		return config.Metadata{}, fmt.Errorf("meta_data.json left out: %w", err)
	}
	return metadata.metadata(), nil
}
