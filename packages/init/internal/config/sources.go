package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where a machine keeps its configuration, seen from its root.
const (
	OSConfigFile   = "/usr/share/ros/os-config.yml"
	OEMConfigFile  = "/usr/share/ros/oem/oem-config.yml"
	Directory      = "/var/lib/rancher/conf"
	CloudConfigDir = Directory + "/cloud-config.d"
	// ImageCloudConfigDir has, in stage two, what the initramfs has in CloudConfigDir; see CarryImageFiles.
	ImageCloudConfigDir = "/run/ros/cloud-config.d"
	CloudConfigFile     = Directory + "/cloud-config.yml"
	PrivateFile         = CloudConfigDir + "/private.yml"
	BootFile            = CloudConfigDir + "/boot.yml"
	MetadataFile        = Directory + "/metadata"
	ScriptFile          = Directory + "/cloud-config-script"
)

// maxFileSize is far above any configuration and below what would hurt a machine with little memory.
const maxFileSize = 4 << 20

// source reads one file of the configuration. A file that is not there is an empty tree without a warning.
func source(root, path string, substitute func([]byte) []byte) (map[string]any, []Warning) {
	content, err := readRegular(filepath.Join(root, path))
	if os.IsNotExist(err) {
		return map[string]any{}, nil
	}
	if err != nil {
		return map[string]any{}, []Warning{{File: path, Message: fmt.Sprintf("file left out: %v", err)}}
	}
	return parse(path, substitute(content))
}

// readRegular reads a file of a sane size; opening a pipe or a device could block a boot.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("%s has %d bytes, limit %d", path, info.Size(), maxFileSize)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFileSize))
}

// CarryImageFiles copies the cloud-config.d of the initramfs to where it outlives the change to a root on a disk, which has a
// cloud-config.d of its own. A file that can not be copied does not keep the others; the error joins what failed.
func CarryImageFiles(root string) error {
	names, err := cloudConfigNames(root, CloudConfigDir)
	if len(names) == 0 {
		return err
	}
	target := filepath.Join(root, ImageCloudConfigDir)
	problems := []error{err, os.MkdirAll(target, 0o700)}
	for _, name := range names {
		content, err := readRegular(filepath.Join(root, CloudConfigDir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(target, name), content, 0o600)
		}
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("keeping the initramfs's cloud-config.d: %w", err)
	}
	return nil
}

// cloudConfigFiles lists the files of cloud-config.d, those of the image and those of the machine, in the order of their names. Of two
// with one name only the machine's counts.
func cloudConfigFiles(root string) ([]string, []Warning) {
	paths, warnings := map[string]string{}, []Warning{}
	for _, directory := range []string{ImageCloudConfigDir, CloudConfigDir} {
		names, err := cloudConfigNames(root, directory)
		if err != nil {
			warnings = append(warnings, Warning{File: directory, Message: fmt.Sprintf("directory left out: %v", err)})
		}
		for _, name := range names {
			paths[name] = directory + "/" + name
		}
	}
	var files []string
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		files = append(files, paths[name])
	}
	return files, warnings
}

// cloudConfigNames gives the names below a cloud-config.d, without directories and dot files.
func cloudConfigNames(root, directory string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, directory))
	if os.IsNotExist(err) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, err
}
