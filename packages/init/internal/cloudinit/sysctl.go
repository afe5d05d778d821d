package cloudinit

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sysctl sets kernel parameters below root/proc/sys, by name: components between dots, or between slashes where a component
// has a dot itself (net/ipv4/conf/eth0.100/forwarding).
func Sysctl(root string, values map[string]string) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path, err := sysctlPath(name)
		if err == nil {
			err = writeParameter(filepath.Join(root, "proc/sys", path), values[name])
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("sysctl %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func sysctlPath(name string) (string, error) {
	path := name
	if !strings.Contains(name, "/") {
		path = strings.ReplaceAll(name, ".", "/")
	}
	if !filepath.IsLocal(path) {
		return "", errors.New("no name of a kernel parameter")
	}
	return path, nil
}

func writeParameter(path, value string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}
