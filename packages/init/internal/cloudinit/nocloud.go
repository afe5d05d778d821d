package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/config"

	"go.yaml.in/yaml/v3"
)

// askNoCloud reads cloud-init's own disk (cloud-init, "NoCloud"): iso9660 or vfat with the label cidata, files user-data and
// meta-data in its top directory.
func askNoCloud(_ context.Context, a *asker, directory string) (answer, error) {
	return a.fromDrive(noCloudDrive, directory, readNoCloud)
}

func readNoCloud(directory string) (answer, error) {
	userData, userErr := readFile(filepath.Join(directory, "user-data"))
	text, metaErr := readFile(filepath.Join(directory, "meta-data"))
	if errors.Is(userErr, errAbsent) && errors.Is(metaErr, errAbsent) {
		return answer{}, errAbsent
	}
	found := answer{userData: userData}
	if userErr = nilIf(userErr, errAbsent); errors.Is(metaErr, errAbsent) || userErr != nil {
		return found, userErr
	}
	if metaErr != nil {
		return found, metaErr
	}
	var err error
	found.metadata, err = parseNoCloud(text)
	return found, err
}

// parseNoCloud reads meta-data, which is YAML; public-keys may be a text, a list, or a map.
func parseNoCloud(text []byte) (config.Metadata, error) {
	var metadata struct {
		Hostname      string    `yaml:"hostname"`
		LocalHostname string    `yaml:"local-hostname"`
		PublicKeys    yaml.Node `yaml:"public-keys"`
	}
	if err := config.DecodeYAML(text, &metadata); err != nil {
		return config.Metadata{}, fmt.Errorf("meta-data left out: %w", err)
	}
	result := config.Metadata{Hostname: metadata.LocalHostname}
	if result.Hostname == "" {
		result.Hostname = metadata.Hostname
	}
	var list []string
	switch node := &metadata.PublicKeys; node.Kind {
	case 0:
		return result, nil
	case yaml.MappingNode:
		if err := node.Decode(&result.SSHPublicKeys); err != nil {
			return result, fmt.Errorf("meta-data, public-keys left out: %w", err)
		}
		return result, nil
	case yaml.ScalarNode:
		list = []string{node.Value}
	default:
		if err := node.Decode(&list); err != nil {
			return result, fmt.Errorf("meta-data, public-keys left out: %w", err)
		}
	}
	result.SSHPublicKeys = numbered(list)
	return result, nil
}

// opticalDrives are the CD drives that have a medium.
func opticalDrives(sys string) []string {
	entries, err := filepath.Glob(filepath.Join(sys, "class/block/sr*"))
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if size, err := os.ReadFile(filepath.Join(entry, "size")); err == nil && len(size) > 0 && size[0] != '0' {
			names = append(names, filepath.Base(entry))
		}
	}
	return names
}
