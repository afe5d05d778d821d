// Package cloudinit takes a machine's first configuration from a data source, keeps it for the boots to come, and
// applies the part of it that belongs to the console: host name, ssh keys, files.
package cloudinit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/config"
)

// answer is what a data source has for this machine.
type answer struct {
	userData []byte
	metadata config.Metadata
}

// errAbsent says that a data source is not on this machine.
var errAbsent = errors.New("not there")

// limit is far above what any data source hands out.
const limit = 16 << 20

// read asks one data source, `kind` or `kind:argument`.
func read(root, source string) (answer, error) {
	kind, argument, _ := strings.Cut(source, ":")
	switch kind {
	case "configdrive":
		return readConfigDrive(root, argument)
	case "file":
		content, err := readFile(filepath.Join(root, argument))
		return answer{userData: content}, err
	default:
		return answer{}, fmt.Errorf("no data source of this kind (configdrive, file)")
	}
}

// configDriveMetadata is the part of OpenStack's meta_data.json that is used.
type configDriveMetadata struct {
	Hostname   string            `json:"hostname"`
	PublicKeys map[string]string `json:"public_keys"`
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
	var metadata configDriveMetadata
	if err := json.Unmarshal(text, &metadata); err != nil {
		return found, fmt.Errorf("meta_data.json left out: %w", err)
	}
	found.metadata = config.Metadata{Hostname: metadata.Hostname, SSHPublicKeys: metadata.PublicKeys}
	return found, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, absent(err)
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", path, limit)
	}
	return os.ReadFile(path)
}

func absent(err error) error {
	if os.IsNotExist(err) {
		return errAbsent
	}
	return err
}
