package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Where a machine keeps its configuration, seen from its root.
const (
	OSConfigFile    = "/usr/share/ros/os-config.yml"
	OEMConfigFile   = "/usr/share/ros/oem/oem-config.yml"
	Directory       = "/var/lib/rancher/conf"
	CloudConfigDir  = Directory + "/cloud-config.d"
	CloudConfigFile = Directory + "/cloud-config.yml"
	PrivateFile     = CloudConfigDir + "/private.yml"
	BootFile        = CloudConfigDir + "/boot.yml"
	MetadataFile    = Directory + "/metadata"
	ScriptFile      = Directory + "/cloud-config-script"
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

// cloudConfigFiles lists the files of cloud-config.d in name order, without directories and dot files.
func cloudConfigFiles(root string) ([]string, []Warning) {
	entries, err := os.ReadDir(filepath.Join(root, CloudConfigDir))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, []Warning{{File: CloudConfigDir, Message: fmt.Sprintf("directory left out: %v", err)}}
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			files = append(files, CloudConfigDir+"/"+entry.Name())
		}
	}
	sort.Strings(files)
	return files, nil
}
