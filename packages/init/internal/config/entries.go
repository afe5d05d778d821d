package config

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxMergeDepth bounds `<<` in `<<`: an anchor may contain itself.
const maxMergeDepth = 8

type entry struct{ key, value *yaml.Node }

// entries lists the keys of a mapping with its merge keys (`<<`) resolved: what the mapping says itself comes before
// what it merges in.
func (f *fitter) entries(node *yaml.Node, path string) ([]entry, bool) {
	if node.Kind != yaml.MappingNode {
		if path == "" {
			path = "the document"
		}
		f.warn(node, "%s is %s, want a map; left out", path, kindOf(node))
		return nil, false
	}
	var entries []entry
	f.collect(node, map[string]bool{}, &entries, 0)
	return entries, true
}

func (f *fitter) collect(node *yaml.Node, seen map[string]bool, into *[]entry, depth int) {
	if depth > maxMergeDepth {
		f.warn(node, "merge keys are nested deeper than %d, the rest left out", maxMergeDepth)
		return
	}
	own := map[string]bool{}
	for at := 0; at+1 < len(node.Content); at += 2 {
		key, value := node.Content[at], node.Content[at+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Tag == "!!merge" {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			f.warn(key, "a key is %s, want a text; left out", kindOf(key))
			continue
		}
		if own[key.Value] {
			f.warn(key, "key %s is given twice, the first one holds", key.Value)
			continue
		}
		own[key.Value] = true
		if seen[key.Value] {
			continue
		}
		seen[key.Value] = true
		*into = append(*into, entry{key, value})
	}
	for at := 0; at+1 < len(node.Content); at += 2 {
		if node.Content[at].Tag == "!!merge" {
			f.collectMerged(node.Content[at+1], seen, into, depth+1)
		}
	}
}

func (f *fitter) collectMerged(node *yaml.Node, seen map[string]bool, into *[]entry, depth int) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.MappingNode:
		f.collect(node, seen, into, depth)
	case node.Kind == yaml.SequenceNode && depth <= maxMergeDepth:
		for _, item := range node.Content {
			f.collectMerged(item, seen, into, depth+1)
		}
	default:
		f.warn(node, "a merge key is %s, want a map; left out", kindOf(node))
	}
}

// fieldOf finds the field of a record type by its key.
func fieldOf(record reflect.Type, key string) (reflect.StructField, bool) {
	for index := range record.NumField() {
		field := record.Field(index)
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name == key && name != "" {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "a single value"
	}
}

func typeName(want reflect.Type) string {
	switch want.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "a text"
	}
}

func toAny(texts []string) []any {
	items := make([]any, len(texts))
	for index, text := range texts {
		items[index] = text
	}
	return items
}
