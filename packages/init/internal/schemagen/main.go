// Command schemagen writes the JSON Schema of the configuration: its types by reflection, its descriptions from the comments.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"rancheros-kit/init/internal/config"
)

func main() {
	source := flag.String("source", ".", "the `directory` of the package config")
	out := flag.String("out", "config.schema.json", "the `file` to write")
	flag.Parse()
	text, err := generate(*source)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

type object = map[string]any

// generator knows the comments, by `Type` and `Type.Field`, and collects the definitions of types.
type generator struct {
	comments    map[string]string
	definitions object
}

func generate(source string) ([]byte, error) {
	comments, err := readComments(source)
	if err != nil {
		return nil, err
	}
	g := &generator{comments, object{}}
	root := g.record(reflect.TypeFor[config.Config]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "RancherOS configuration"
	root["$defs"] = g.definitions
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(root)
	return text.Bytes(), err
}

// record is an object without other keys than the type's; null stands for a key that is not set.
func (g *generator) record(record reflect.Type) object {
	properties := object{}
	for index := range record.NumField() {
		field := record.Field(index)
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		schema := g.schema(field.Type, field.Tag.Get("form"))
		if comment := g.comments[record.Name()+"."+field.Name]; comment != "" {
			schema["description"] = withKeys(record, comment)
		} else if option := field.Tag.Get("option"); option != "" {
			schema["description"] = "dockerd's option --" + option + "."
		}
		if why := field.Tag.Get("inert"); why != "" {
			schema["deprecated"], schema["description"] = true, "Has no effect: "+why+"."
		}
		properties[key] = schema
	}
	schema := object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if comment := g.comments[record.Name()]; comment != "" {
		schema["description"] = comment
	}
	return schema
}

// withKeys is a comment in the words of a configuration: the name of a field that it begins with, or that can be no other word, is its key.
func withKeys(record reflect.Type, comment string) string {
	words := strings.Split(comment, " ")
	for at, word := range words {
		name := strings.TrimRight(word, ".,;:")
		field, known := record.FieldByName(name)
		if known && (at == 0 || strings.ToUpper(name) != name) {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			words[at] = key + word[len(name):]
		}
	}
	return strings.Join(words, " ")
}

// single is what a value of one line may be written as.
var single = []string{"string", "number", "boolean", "null"}

// schema allows what the reader of the configuration does, which is lenient as compose is. form is the tag of the field.
func (g *generator) schema(want reflect.Type, form string) object {
	switch want.Kind() {
	case reflect.Pointer:
		return g.schema(want.Elem(), form)
	case reflect.Struct:
		if _, known := g.definitions[want.Name()]; !known {
			g.definitions[want.Name()] = object{}
			g.definitions[want.Name()] = g.record(want)
		}
		return object{"$ref": "#/$defs/" + want.Name()}
	case reflect.Map:
		return g.mapping(want)
	case reflect.Slice:
		return g.list(want, form)
	case reflect.Bool:
		return object{"anyOf": []object{{"type": []string{"boolean", "null"}}, {"enum": []string{"true", "false", "yes", "no", "on", "off"}}}}
	case reflect.Int:
		return object{"anyOf": []object{{"type": []string{"integer", "null"}}, {"type": "string", "pattern": "^[+-]?[0-9]+$"}}}
	default:
		return object{"type": single}
	}
}

func (g *generator) mapping(want reflect.Type) object {
	values := object{"type": []string{"object", "null"}, "additionalProperties": g.schema(want.Elem(), "")}
	if want.Elem().Kind() != reflect.String {
		return values
	}
	return object{"anyOf": []object{values, {"type": "array", "items": object{"type": single}}}}
}

func (g *generator) list(want reflect.Type, form string) object {
	items := object{"type": []string{"array", "null"}, "items": g.schema(want.Elem(), form)}
	if want.Elem().Kind() != reflect.String {
		return items
	}
	forms := []object{items, {"type": single}}
	if form == "pairs" {
		forms = append(forms, object{"type": "object", "additionalProperties": object{"type": single}})
	}
	return object{"anyOf": forms}
}

func readComments(directory string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declaration := range parsed.Decls {
			if general, ok := declaration.(*ast.GenDecl); ok && general.Tok == token.TYPE {
				for _, spec := range general.Specs {
					note(comments, general.Doc, spec.(*ast.TypeSpec))
				}
			}
		}
	}
	return comments, nil
}

func note(comments map[string]string, doc *ast.CommentGroup, spec *ast.TypeSpec) {
	record, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	comments[spec.Name.Name] = text(doc)
	for _, field := range record.Fields.List {
		for _, name := range field.Names {
			comments[spec.Name.Name+"."+name.Name] = text(field.Doc)
		}
	}
}

// text is a comment on one line.
func text(group *ast.CommentGroup) string {
	return strings.Join(strings.Fields(group.Text()), " ")
}
