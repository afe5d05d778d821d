package main

import (
	"bytes"
	"encoding/json"
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
