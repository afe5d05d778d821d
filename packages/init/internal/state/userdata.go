package state

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

const (
	// userDataSize is how much of a disk that asks to be formatted is kept: docker-machine writes an archive there, whose first
	// member's name is the magic.
	userDataSize = 8192
	machineFile  = config.CloudConfigDir + "/machine.yml"
)

// readUserData is the archive at the start of a device that asks to be formatted with boot2docker's magic; nil for any other.
func readUserData(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, userDataSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the user data of %s: %w", path, err)
	}
	if !bytes.HasPrefix(head[:n], []byte(boot2dockerMagic)) {
		return nil, nil
	}
	return head[:n], nil
}

// installUserData unpacks the archive into a root and writes machine.yml there, with the keys of .ssh/authorized_keys and
// .ssh/authorized_keys2.
func installUserData(root string, archive []byte) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := unpack(root, archive); err != nil {
		return err
	}
	var keys []string
	for _, name := range []string{".ssh/authorized_keys", ".ssh/authorized_keys2"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		keys = append(keys, keyLines(string(text), keys)...)
	}
	text, err := machineConfig(keys)
	if err != nil {
		return err
	}
	path := filepath.Join(root, machineFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, text, 0o600, nil)
}

// unpack takes directories and files and nothing else. What was cut off at the archive's limit, or is no archive at all
// (the magic may stand alone), ends it.
func unpack(root string, archive []byte) error {
	target, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer target.Close()
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if err != nil {
			return nil
		}
		name := filepath.Clean(header.Name)
		if name == "." || strings.HasPrefix(header.Name, boot2dockerMagic) {
			continue
		}
		mode := os.FileMode(header.Mode).Perm()
		switch header.Typeflag {
		case tar.TypeDir:
			err = target.Mkdir(name, mode)
			if errors.Is(err, os.ErrExist) {
				err = nil
			}
		case tar.TypeReg:
			content, readErr := io.ReadAll(reader)
			if readErr != nil {
				return nil
			}
			err = writeFile(target, name, content, mode)
		}
		if err != nil {
			return fmt.Errorf("unpacking the user data %q: %w", header.Name, err)
		}
	}
}

func writeFile(root *os.Root, name string, content []byte, mode os.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// keyLines are the keys of a file that are not known yet.
func keyLines(text string, known []string) []string {
	var keys []string
	seen := map[string]bool{}
	for _, key := range known {
		seen[key] = true
	}
	for _, line := range strings.Split(text, "\n") {
		key := strings.TrimSpace(line)
		if key != "" && !strings.HasPrefix(key, "#") && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// machineConfig is what docker-machine's machines start with.
func machineConfig(keys []string) ([]byte, error) {
	dhcp := map[string]any{"dhcp": true}
	interfaces := map[string]any{"eth0": dhcp, "eth1": dhcp, "lo": map[string]any{"address": "127.0.0.1/8"}}
	tree := map[string]any{"rancher": map[string]any{"network": map[string]any{"interfaces": interfaces}}}
	if len(keys) > 0 {
		tree["ssh_authorized_keys"] = keys
	}
	text, err := yaml.Marshal(tree)
	return append([]byte("#cloud-config\n"), text...), err
}
