package config

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fitter converts YAML nodes by the types of Config, with compose's leniency: a single value where a list is wanted,
// numbers and truth values where a text is, a map of pairs where a list of them is.
type fitter struct {
	file     string
	warnings []Warning
}

func (f *fitter) warn(node *yaml.Node, format string, arguments ...any) {
	f.warnings = append(f.warnings, Warning{File: f.file, Line: node.Line, Message: fmt.Sprintf(format, arguments...)})
}

// value converts a node to the type. It reports false when nothing is to be set: null, or a value that does not fit
// (then with a warning). form is the tag of the field, path the dotted key for messages.
func (f *fitter) value(node *yaml.Node, want reflect.Type, form, path string) (any, bool) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, false
	}
	switch want.Kind() {
	case reflect.Pointer:
		return f.value(node, want.Elem(), form, path)
	case reflect.Struct:
		return f.record(node, want, path)
	case reflect.Map:
		return f.mapping(node, want, path)
	case reflect.Slice:
		return f.list(node, want, form, path)
	default:
		return f.scalar(node, want, path)
	}
}

func (f *fitter) record(node *yaml.Node, want reflect.Type, path string) (any, bool) {
	entries, ok := f.entries(node, path)
	if !ok {
		return nil, false
	}
	tree := map[string]any{}
	for _, entry := range entries {
		field, known := fieldOf(want, entry.key.Value)
		if !known {
			f.warn(entry.key, "unknown key %s, left out", join(path, entry.key.Value))
			continue
		}
		if why := field.Tag.Get("inert"); why != "" {
			f.warn(entry.key, "%s has no effect: %s", join(path, entry.key.Value), why)
		}
		if value, ok := f.value(entry.value, field.Type, field.Tag.Get("form"), join(path, entry.key.Value)); ok {
			tree[entry.key.Value] = value
		}
	}
	return tree, true
}

func (f *fitter) mapping(node *yaml.Node, want reflect.Type, path string) (any, bool) {
	if node.Kind == yaml.SequenceNode && want.Elem().Kind() == reflect.String {
		return f.pairsAsMap(node, path)
	}
	entries, ok := f.entries(node, path)
	if !ok {
		return nil, false
	}
	tree := map[string]any{}
	for _, entry := range entries {
		if value, ok := f.value(entry.value, want.Elem(), "", join(path, entry.key.Value)); ok {
			tree[entry.key.Value] = value
		} else if want.Elem().Kind() == reflect.String && entry.value.Tag == "!!null" {
			tree[entry.key.Value] = ""
		}
	}
	return tree, true
}

// pairsAsMap reads a list of `key=value` where a map of texts is wanted.
func (f *fitter) pairsAsMap(node *yaml.Node, path string) (any, bool) {
	items, ok := f.texts(node, "", path)
	if !ok {
		return nil, false
	}
	tree := map[string]any{}
	for _, item := range items {
		key, value, _ := strings.Cut(item.(string), "=")
		tree[key] = value
	}
	return tree, true
}

func (f *fitter) list(node *yaml.Node, want reflect.Type, form, path string) (any, bool) {
	if want.Elem().Kind() == reflect.String {
		return f.textList(node, form, path)
	}
	if node.Kind != yaml.SequenceNode {
		f.warn(node, "%s is %s, want a list; left out", path, kindOf(node))
		return nil, false
	}
	items := []any{}
	for index, item := range node.Content {
		if value, ok := f.value(item, want.Elem(), form, fmt.Sprintf("%s[%d]", path, index)); ok {
			items = append(items, value)
		}
	}
	return items, true
}

func (f *fitter) textList(node *yaml.Node, form, path string) (any, bool) {
	switch {
	case node.Kind == yaml.MappingNode && form == "pairs":
		return f.mapAsPairs(node, path)
	case node.Kind == yaml.ScalarNode && form == "shell":
		return toAny([]string{"/bin/sh", "-c", node.Value}), true
	case node.Kind == yaml.ScalarNode && (form == "words" || form == "fields"):
		words, err := Words(node.Value)
		if err != nil {
			f.warn(node, "%s: %v; left out", path, err)
			return nil, false
		}
		return toAny(words), true
	case node.Kind == yaml.ScalarNode:
		return []any{node.Value}, true
	}
	items, ok := f.texts(node, form, path)
	return items, ok
}

// mapAsPairs reads a map where a list of `key=value` is wanted; a null value gives the key alone. The pairs are sorted.
func (f *fitter) mapAsPairs(node *yaml.Node, path string) (any, bool) {
	entries, ok := f.entries(node, path)
	if !ok {
		return nil, false
	}
	pairs := []string{}
	for _, entry := range entries {
		if entry.value.Tag == "!!null" {
			pairs = append(pairs, entry.key.Value)
		} else if text, ok := f.scalar(entry.value, reflect.TypeFor[string](), join(path, entry.key.Value)); ok {
			pairs = append(pairs, entry.key.Value+"="+text.(string))
		}
	}
	sort.Strings(pairs)
	return toAny(pairs), true
}

func (f *fitter) texts(node *yaml.Node, form, path string) ([]any, bool) {
	if node.Kind != yaml.SequenceNode {
		f.warn(node, "%s is %s, want a list; left out", path, kindOf(node))
		return nil, false
	}
	items := []any{}
	for index, item := range node.Content {
		if text, ok := f.value(item, reflect.TypeFor[string](), "", fmt.Sprintf("%s[%d]", path, index)); ok {
			items = append(items, text)
		} else if form == "fields" && item.Tag == "!!null" {
			items = append(items, "")
		}
	}
	return items, true
}

func (f *fitter) scalar(node *yaml.Node, want reflect.Type, path string) (any, bool) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.ScalarNode {
		f.warn(node, "%s is %s, want %s; left out", path, kindOf(node), typeName(want))
		return nil, false
	}
	switch want.Kind() {
	case reflect.String:
		return node.Value, true
	case reflect.Bool:
		if value, known := truthValues[strings.ToLower(node.Value)]; known {
			return value, true
		}
	case reflect.Int:
		if value, err := strconv.Atoi(node.Value); err == nil {
			return value, true
		}
	}
	f.warn(node, "%s is %q, want %s; left out", path, node.Value, typeName(want))
	return nil, false
}

// truthValues are those of YAML 1.1.
var truthValues = map[string]bool{
	"true": true, "yes": true, "on": true, "y": true, "false": false, "no": false, "off": false, "n": false,
}
