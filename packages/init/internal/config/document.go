package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DecodeYAML reads a document of somebody else's; a panic of the YAML module becomes an error.
func DecodeYAML(content []byte, into any) (err error) {
	var document yaml.Node
	if err := unmarshal(content, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		return nil
	}
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("yaml: the parser failed: %v", reason)
		}
	}()
	return document.Decode(into)
}

// Compose makes a cloud-config of a compose file: its services become rancher.services. Both the first format, whose top
// level are the services, and the later ones, which have them below `services`, are read. Warnings have the lines of the file.
func Compose(file string, content []byte) ([]byte, []Warning, error) {
	tree, warnings, err := composeTree(file, content, nil)
	if err != nil {
		return nil, nil, err
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		return nil, warnings, fmt.Errorf("writing the services of %s: %w", file, err)
	}
	return append([]byte("#cloud-config\n"), text...), warnings, nil
}

// ComposeServices reads the services of a compose file. `$NAME` and `${NAME}` in values are what lookup says, `$$` is a
// dollar sign.
func ComposeServices(file string, content []byte, lookup func(name string) string) (map[string]Service, []Warning, error) {
	tree, warnings, err := composeTree(file, content, lookup)
	if err != nil {
		return nil, nil, err
	}
	config, err := decode(tree)
	if err != nil {
		return nil, warnings, err
	}
	return config.Rancher.Services, warnings, nil
}

func composeTree(file string, content []byte, lookup func(string) string) (map[string]any, []Warning, error) {
	var document yaml.Node
	if err := unmarshal(content, &document); err != nil {
		return nil, nil, errors.New(yamlWarning(file, err).String())
	}
	if len(document.Content) == 0 {
		return nil, nil, fmt.Errorf("%s: no services in it", file)
	}
	services := document.Content[0]
	if services.Kind == yaml.MappingNode {
		for at := 0; at+1 < len(services.Content); at += 2 {
			if services.Content[at].Value == "services" {
				services = services.Content[at+1]
				break
			}
		}
	}
	if lookup != nil {
		expand(services, lookup)
	}
	wrapped := services
	for _, name := range []string{"services", "rancher"} {
		wrapped = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: services.Line, Content: []*yaml.Node{nodeOf(name), wrapped}}
	}
	tree, warnings := fit(file, wrapped)
	if _, found := Get(tree, "rancher.services"); !found {
		if len(warnings) > 0 {
			return nil, nil, errors.New(warnings[0].String())
		}
		return nil, nil, fmt.Errorf("%s: no services in it", file)
	}
	return tree, warnings, nil
}

// expand replaces variables in the values below a node; an alias is replaced where its anchor is.
func expand(node *yaml.Node, lookup func(string) string) {
	if node.Kind == yaml.ScalarNode {
		if strings.Contains(node.Value, "$") {
			node.Value = os.Expand(node.Value, func(name string) string {
				if name == "$" {
					return "$"
				}
				return lookup(name)
			})
		}
		return
	}
	for at, child := range node.Content {
		if node.Kind != yaml.MappingNode || at%2 == 1 {
			expand(child, lookup)
		}
	}
}
