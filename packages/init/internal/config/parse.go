package config

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// parse reads one YAML document into a tree that fits Config: maps, lists, and leaves of the type that the key has.
// What does not fit is left out with a warning; a document that is not YAML, or no map, gives an empty tree and a warning.
func parse(file string, content []byte) (map[string]any, []Warning) {
	var document yaml.Node
	if err := unmarshal(content, &document); err != nil {
		return map[string]any{}, []Warning{yamlWarning(file, err)}
	}
	if len(document.Content) == 0 {
		return map[string]any{}, nil
	}
	return fit(file, document.Content[0])
}

// Check says what Load would warn about in a document; broken tells that it is not YAML or no map, so that nothing of it
// would hold.
func Check(file string, content []byte) (warnings []Warning, broken bool) {
	tree, warnings := parse(file, content)
	return warnings, len(tree) == 0 && len(warnings) > 0
}

// unmarshal turns a panic of the YAML module into an error: a hostile file must not stop a machine.
func unmarshal(content []byte, into *yaml.Node) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("yaml: the parser failed: %v", reason)
		}
	}()
	return yaml.Unmarshal(content, into)
}

// fit converts a node to a tree that fits Config.
func fit(file string, node *yaml.Node) (map[string]any, []Warning) {
	fitter := fitter{file: file}
	value, ok := fitter.value(node, reflect.TypeFor[Config](), "", "")
	tree, isMap := value.(map[string]any)
	if !ok || !isMap {
		tree = map[string]any{}
	}
	return tree, fitter.warnings
}

// decode makes the typed configuration of a tree that parse or merge gave.
func decode(tree map[string]any) (*Config, error) {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("writing the merged configuration: %w", err)
	}
	config := &Config{}
	if err := yaml.Unmarshal(text, config); err != nil {
		return nil, fmt.Errorf("reading the merged configuration: %w", err)
	}
	return config, nil
}
