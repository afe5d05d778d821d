package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/cmdline"

	"go.yaml.in/yaml/v3"
)

// Set changes one dotted key for good: in cloud-config.yml, secrets (rancher.ssh, rancher.password) in cloud-config.d/private.yml. The text
// becomes what the key's type wants; `[a,b]` is a list, and where a map or a list of maps is wanted it is read as YAML.
// A value that the sources below the file give anyway is not kept in it. Errors: an unknown key, a value that does not fit, a file that
// is not YAML (it is left as it is).
func Set(root, key, text string) error {
	value, err := coerce(key, text)
	if err != nil {
		return err
	}
	return SetValues(root, map[string]any{key: value})
}

// SetAt sets the value at a path whose names may have dots in them, in cloud-config.yml; nil takes it out, with the maps
// that are empty then.
func SetAt(root string, path []string, value any) error {
	unlock, err := lock(root)
	if err != nil {
		return err
	}
	defer unlock()
	tree, err := readRaw(root, CloudConfigFile)
	if err != nil {
		return err
	}
	if value == nil {
		remove(tree, path)
	} else {
		put(tree, path, value)
	}
	return writeRaw(root, CloudConfigFile, tree)
}

// SetValues is Set for several keys at once, with values of the right types: text, number, truth value, list, map.
func SetValues(root string, values map[string]any) error {
	unlock, err := lock(root)
	if err != nil {
		return err
	}
	defer unlock()
	files := map[string]map[string]any{}
	for key, value := range values {
		path := CloudConfigFile
		if private(key) {
			path = PrivateFile
		}
		if files[path] == nil {
			tree, err := readRaw(root, path)
			if err != nil {
				return err
			}
			files[path] = tree
		}
		put(files[path], strings.Split(key, "."), value)
	}
	for path, tree := range files {
		if path == CloudConfigFile {
			metadata, _ := readMetadata(root)
			lower, _ := lowerSources(root, metadata)
			for key := range values {
				if below, found := Get(lower, key); found && reflect.DeepEqual(below, values[key]) {
					remove(tree, strings.Split(key, "."))
				}
			}
		}
		if err := writeRaw(root, path, tree); err != nil {
			return err
		}
	}
	return nil
}

// coerce makes the value that the key's type wants of a text.
func coerce(key, text string) (any, error) {
	path := strings.Split(key, ".")
	var leaf any = text
	if items, isList := cmdline.List(text); isList {
		leaf = items
	}
	if want := typeAt(path); want == nil {
		return nil, fmt.Errorf("unknown key %s", key)
	} else if kind := want.Kind(); kind == reflect.Map || kind == reflect.Struct || kind == reflect.Slice && want.Elem().Kind() != reflect.String {
		var node yaml.Node
		if err := unmarshal([]byte(text), &node); err != nil || len(node.Content) == 0 {
			return nil, fmt.Errorf("%s wants a map or a list as YAML, got %q", key, text)
		}
		leaf = node.Content[0]
	}
	node, isNode := leaf.(*yaml.Node)
	if !isNode {
		node = nodeOf(leaf)
	}
	for at := len(path) - 1; at >= 0; at-- {
		node = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{nodeOf(path[at]), node}}
	}
	tree, warnings := fit("", node)
	if len(warnings) > 0 {
		return nil, fmt.Errorf("%s", strings.TrimSuffix(warnings[0].Message, "; left out"))
	}
	value, found := Get(tree, key)
	if !found {
		return nil, fmt.Errorf("%s has no value", key)
	}
	return value, nil
}

// typeAt is the type that the schema has at a path; nil when the path is unknown.
func typeAt(path []string) reflect.Type {
	at := reflect.TypeFor[Config]()
	for _, name := range path {
		switch at.Kind() {
		case reflect.Struct:
			field, known := fieldOf(at, name)
			if !known {
				return nil
			}
			at = field.Type
		case reflect.Map:
			at = at.Elem()
		default:
			return nil
		}
	}
	return at
}

// readRaw reads a file with all of its keys, known or not.
func readRaw(root, path string) (map[string]any, error) {
	content, err := readRegular(filepath.Join(root, path))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	tree := map[string]any{}
	if err := yaml.Unmarshal(content, &tree); err != nil {
		return nil, fmt.Errorf("%s is not YAML, nothing changed: %w", path, err)
	}
	if tree == nil {
		tree = map[string]any{}
	}
	return tree, nil
}

func writeRaw(root, path string, tree map[string]any) error {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	target := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return atomicfile.Write(target, text, 0o600, nil)
}

// remove deletes the value at a path, and the maps on its way that are empty then.
func remove(tree map[string]any, path []string) {
	if len(path) == 1 {
		delete(tree, path[0])
		return
	}
	if branch, isMap := tree[path[0]].(map[string]any); isMap {
		remove(branch, path[1:])
		if len(branch) == 0 {
			delete(tree, path[0])
		}
	}
}
