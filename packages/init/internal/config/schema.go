package config

import _ "embed"

//go:generate go run ../schemagen -source . -out config.schema.json

// Schema is the JSON Schema (draft 2020-12) of a configuration file, made of the types of this package and their comments.
//
//go:embed config.schema.json
var Schema []byte
