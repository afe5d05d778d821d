package config

import (
	"fmt"
	"regexp"
	"strconv"
)

// Warning is something in a source that was left out; the rest of the configuration holds.
type Warning struct {
	// File is the path as the machine sees it, or `kernel command line`.
	File string
	// Line counts from 1; 0 when it is not known.
	Line    int
	Message string
}

func (w Warning) String() string {
	if w.Line == 0 {
		return fmt.Sprintf("%s: %s", w.File, w.Message)
	}
	return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Message)
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// yamlWarning turns the YAML module's error, which has the line in its text, into a warning.
func yamlWarning(file string, err error) Warning {
	text := err.Error()
	match := yamlLine.FindStringSubmatch(text)
	if match == nil {
		return Warning{File: file, Message: "not YAML, left out: " + text}
	}
	line, _ := strconv.Atoi(match[1])
	return Warning{File: file, Line: line, Message: "not YAML, file left out: " + text[len(match[0]):]}
}
