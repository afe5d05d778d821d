package cloudinit

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"

	"go.yaml.in/yaml/v3"
)

// Save asks the configured data sources in order and keeps the answer of the first one that is there, in place of what an
// earlier boot kept: cloud-config.d/boot.yml, cloud-config-script, metadata. Without an answer everything stays as it is.
// The error joins all that was left out; none of it needs to stop a boot.
func Save(root string, cfg *config.Config) error {
	var problems []error
	for _, source := range cfg.Rancher.CloudInit.Datasources {
		found, err := read(root, source)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("cloud-init, %s: %w", source, err))
		}
		if found.userData == nil && reflect.DeepEqual(found.metadata, config.Metadata{}) {
			continue
		}
		if err := keep(root, found); err != nil {
			problems = append(problems, fmt.Errorf("cloud-init, %s: %w", source, err))
		}
		break
	}
	return errors.Join(problems...)
}

// keep replaces the three files.
func keep(root string, found answer) error {
	if err := os.MkdirAll(filepath.Join(root, config.CloudConfigDir), 0o755); err != nil {
		return err
	}
	files := map[string][]byte{config.BootFile: nil, config.ScriptFile: nil, config.MetadataFile: nil}
	kind, content, problem := classify(found.userData)
	if kind != "" {
		files[kind] = content
	}
	if !reflect.DeepEqual(found.metadata, config.Metadata{}) {
		text, err := yaml.Marshal(found.metadata)
		if err != nil {
			return fmt.Errorf("writing the metadata: %w", err)
		}
		files[config.MetadataFile] = text
	}
	problems := []error{problem}
	for path, content := range files {
		problems = append(problems, replace(filepath.Join(root, path), content))
	}
	return errors.Join(problems...)
}

// replace writes a file, or removes it when there is no content. A script is executable.
func replace(path string, content []byte) error {
	if content == nil {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	mode := os.FileMode(0o600)
	if strings.HasSuffix(path, config.ScriptFile) {
		mode = 0o700
	}
	return atomicfile.Write(path, content, mode, nil)
}

// classify finds out which file user-data belongs to; empty for none. The content is unpacked if it was gzip'd.
func classify(userData []byte) (path string, content []byte, err error) {
	if bytes.HasPrefix(userData, []byte{0x1f, 0x8b}) {
		if userData, err = gunzip(userData); err != nil {
			return "", nil, fmt.Errorf("user-data left out: %w", err)
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimPrefix(userData, []byte("\xef\xbb\xbf")), []byte("\n"))
	switch line := strings.TrimSpace(string(first)); {
	case len(bytes.TrimSpace(userData)) == 0:
		return "", nil, nil
	case strings.HasPrefix(line, "#!"):
		return config.ScriptFile, userData, nil
	case line == "#cloud-config":
		warnings, broken := config.Check("user-data", userData)
		if broken {
			return "", nil, errors.New(warnings[0].String())
		}
		return config.BootFile, userData, nil
	default:
		return "", nil, fmt.Errorf("user-data left out: its first line is %.40q, want #cloud-config or #!", line)
	}
}

func gunzip(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, err
	}
	if len(content) > limit {
		return nil, fmt.Errorf("more than %d bytes when unpacked", limit)
	}
	return content, nil
}
