package config

import (
	"errors"
	"fmt"

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
	text, err := yaml.Marshal(tree)
	if err != nil {
		return nil, warnings, fmt.Errorf("writing the services of %s: %w", file, err)
	}
	return append([]byte("#cloud-config\n"), text...), warnings, nil
}
