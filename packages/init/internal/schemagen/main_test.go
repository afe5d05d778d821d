package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestSchemaIsCurrent(t *testing.T) {
	text, err := generate("../config")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, config.Schema) {
		t.Error("internal/config/config.schema.json is not what the types give: run go generate ./internal/config")
	}
}

// Every key of the types is in the schema, with a closed set of keys everywhere.
func TestSchemaHasTheKeys(t *testing.T) {
	var schema struct {
		Properties  map[string]map[string]any `json:"properties"`
		Definitions map[string]struct {
			Properties map[string]map[string]any `json:"properties"`
			Additional *bool                     `json:"additionalProperties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Properties["hostname"] == nil || schema.Properties["rancher"]["$ref"] != "#/$defs/Rancher" {
		t.Errorf("top level %v", schema.Properties)
	}
	for name, key := range map[string]string{"Rancher": "cloud_init", "Docker": "registry_mirror", "Service": "volumes_from", "WriteFile": "permissions", "SSH": "listen_address"} {
		definition := schema.Definitions[name]
		if definition.Properties[key] == nil || definition.Additional == nil || *definition.Additional {
			t.Errorf("%s: %v", name, definition)
		}
	}
	if schema.Definitions["State"].Properties["dev"]["description"] == nil {
		t.Error("comments are missing")
	}
}

// Whoever reads a configuration knows keys, not the names of fields; words that only look like one stay.
func TestDescriptionsHaveKeys(t *testing.T) {
	record := reflect.TypeFor[config.State]()
	for comment, want := range map[string]string{
		"OemDev is looked for after Dev, or Dev.": "oem_dev is looked for after dev, or dev.",
		"Wait, but nothing else.":                 "wait, but nothing else.",
		"The Device of a State.":                  "The Device of a State.",
	} {
		if got := withKeys(record, comment); got != want {
			t.Errorf("%q gives %q, want %q", comment, got, want)
		}
	}
	if got := withKeys(reflect.TypeFor[config.Docker](), "Host is asked by DNS."); got != "host is asked by DNS." {
		t.Errorf("an abbreviation in the middle: %q", got)
	}
}

// Every key says what it is for, but for those that nothing reads.
func TestEveryKeyIsDescribed(t *testing.T) {
	type object struct {
		Description string
		Deprecated  bool
		Properties  map[string]object
	}
	var schema struct {
		object
		Definitions map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema.Definitions, "Defaults")
	schema.Definitions["the top"] = schema.object
	for name, definition := range schema.Definitions {
		for key, property := range definition.Properties {
			if property.Description == "" {
				t.Errorf("%s: %s has no description: give its field a comment", name, key)
			}
		}
	}
}
