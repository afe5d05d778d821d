package config

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Parts says what Export gives besides the user's own cloud-config.yml.
type Parts struct {
	// Boot adds what cloud-init found, Full everything that is merged, Private the secrets of either.
	Boot, Full, Private bool
}

// Export gives the parts of the configuration that a user wants to see or keep.
func Export(root, commandLine string, parts Parts) (map[string]any, []Warning, error) {
	if parts.Full {
		tree, warnings, err := Tree(root, commandLine)
		if !parts.Private {
			tree = withoutSecrets(tree)
		}
		return tree, warnings, err
	}
	metadata, warnings := readMetadata(root)
	tree := map[string]any{}
	for _, part := range []struct {
		wanted bool
		path   string
	}{{parts.Boot, BootFile}, {parts.Private, PrivateFile}, {true, CloudConfigFile}} {
		if part.wanted {
			layer, more := source(root, part.path, metadata.substitute)
			tree = merge(tree, layer)
			warnings = append(warnings, more...)
		}
	}
	if !parts.Private {
		tree = withoutSecrets(tree)
	}
	return tree, warnings, nil
}

func withoutSecrets(tree map[string]any) map[string]any {
	kept := merge(tree, nil)
	if rancher, isMap := kept["rancher"].(map[string]any); isMap {
		kept["rancher"] = merge(rancher, nil)
	}
	splitSecrets(kept)
	return kept
}

// Import makes a document the user's configuration, in place of what it was, or with over set, in addition to it; secrets go to the
// private file. The document must be YAML; what is wrong in it otherwise comes back as warnings.
func Import(root, file string, content []byte, over bool) ([]Warning, error) {
	warnings, broken := Check(file, content)
	if broken {
		return nil, errors.New(warnings[0].String())
	}
	tree := map[string]any{}
	if err := yaml.Unmarshal(content, &tree); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	unlock, err := lock(root)
	if err != nil {
		return nil, err
	}
	defer unlock()
	secrets := splitSecrets(tree)
	if over {
		have, err := readRaw(root, CloudConfigFile)
		if err != nil {
			return nil, err
		}
		tree = merge(have, tree)
	}
	if len(secrets) > 0 {
		have, err := readRaw(root, PrivateFile)
		if err != nil {
			return nil, err
		}
		if err := writeRaw(root, PrivateFile, merge(have, secrets)); err != nil {
			return nil, err
		}
	}
	return warnings, writeRaw(root, CloudConfigFile, tree)
}

// Read is the configuration that one document gives.
func Read(file string, content []byte) (*Config, []Warning, error) {
	tree, warnings := parse(file, content)
	config, err := decode(tree)
	return config, warnings, err
}
