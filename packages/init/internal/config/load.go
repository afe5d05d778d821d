package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"rancheros-kit/init/internal/cmdline"

	"go.yaml.in/yaml/v3"
)

// commandLine stands for a file name in warnings.
const commandLine = "kernel command line"

// Load merges all sources below root, in this order, later over earlier: os-config.yml, oem-config.yml, the host name of
// the metadata, cloud-config.d in name order, cloud-config.yml, the command line; the metadata's ssh keys come last and
// are appended. What is wrong in a source is left out with a warning. The error says that os-config.yml is missing; the
// configuration then holds what the other sources gave.
func Load(root, commandLine string) (*Config, []Warning, error) {
	tree, warnings, missing := Tree(root, commandLine)
	config, err := decode(tree)
	if err != nil {
		return &Config{}, warnings, errors.Join(missing, err)
	}
	return config, warnings, missing
}

// Tree is what Load merges, before it is typed.
func Tree(root, commandLine string) (map[string]any, []Warning, error) {
	metadata, warnings := readMetadata(root)
	lower, more := lowerSources(root, metadata)
	warnings = append(warnings, more...)
	user, more := source(root, CloudConfigFile, metadata.substitute)
	warnings = append(warnings, more...)
	line, more := commandLineSource(commandLine)
	warnings = append(warnings, more...)
	tree := merge(merge(lower, user), line)
	appendKeys(tree, metadata.sshKeys())
	var missing error
	if _, err := os.Stat(filepath.Join(root, OSConfigFile)); err != nil {
		missing = fmt.Errorf("reading the configuration that the system came with: %w", err)
	}
	return tree, warnings, missing
}

// lowerSources are those below cloud-config.yml.
func lowerSources(root string, metadata Metadata) (map[string]any, []Warning) {
	tree, warnings := map[string]any{}, []Warning{}
	add := func(path string, substitute func([]byte) []byte) {
		layer, more := source(root, path, substitute)
		warnings = append(warnings, more...)
		tree = merge(tree, layer)
	}
	asIs := func(content []byte) []byte { return content }
	add(OSConfigFile, asIs)
	add(OEMConfigFile, asIs)
	if metadata.Hostname != "" {
		tree = merge(tree, map[string]any{"hostname": metadata.Hostname})
	}
	files, more := cloudConfigFiles(root)
	warnings = append(warnings, more...)
	for _, file := range files {
		add(file, metadata.substitute)
	}
	return tree, warnings
}

// HostnameGiven says whether anyone but os-config.yml names the machine.
func HostnameGiven(root, commandLine string) bool {
	metadata, _ := readMetadata(root)
	files, _ := cloudConfigFiles(root)
	tree := map[string]any{}
	for _, path := range append(append([]string{OEMConfigFile}, files...), CloudConfigFile) {
		layer, _ := source(root, path, metadata.substitute)
		tree = merge(tree, layer)
	}
	line, _ := commandLineSource(commandLine)
	name, given := merge(tree, line)["hostname"]
	if !given {
		name = metadata.Hostname
	}
	return name != ""
}

func commandLineSource(line string) (map[string]any, []Warning) {
	settings, ignored := cmdline.Settings(line)
	tree, warnings := fit(commandLine, nodeOf(settings))
	for _, name := range ignored {
		warnings = append(warnings, Warning{File: commandLine, Message: name + " goes through another setting, left out"})
	}
	return tree, warnings
}

// nodeOf makes the YAML node of a tree of texts and lists of texts, so that the command line is fitted like a file.
func nodeOf(value any) *yaml.Node {
	switch value := value.(type) {
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			node.Content = append(node.Content, nodeOf(key), nodeOf(value[key]))
		}
		return node
	case []string:
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range value {
			node.Content = append(node.Content, nodeOf(item))
		}
		return node
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: fmt.Sprint(value)}
	}
}

// appendKeys adds ssh keys that the list does not have yet.
func appendKeys(tree map[string]any, keys []string) {
	have, _ := tree["ssh_authorized_keys"].([]any)
	list := append([]any{}, have...)
	seen := map[any]bool{}
	for _, key := range list {
		seen[key] = true
	}
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			list = append(list, key)
		}
	}
	if len(list) > 0 {
		tree["ssh_authorized_keys"] = list
	}
}
