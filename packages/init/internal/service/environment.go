package service

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

// environment resolves the entries of a service. `NAME=value` stays; `NAME` is looked up as `service/NAME`, then `NAME`, and
// is left out when neither is there; `PREFIX*` gives every variable that starts so, in name order.
func environment(service string, entries []string, variables map[string]string) []string {
	resolved := []string{}
	for _, entry := range entries {
		prefix, isPrefix := strings.CutSuffix(entry, "*")
		switch {
		case strings.Contains(entry, "="):
			resolved = append(resolved, entry)
		case isPrefix:
			resolved = append(resolved, withPrefix(prefix, variables)...)
		default:
			value, found := variables[service+"/"+entry]
			if !found {
				value, found = variables[entry]
			}
			if found {
				resolved = append(resolved, entry+"="+value)
			}
		}
	}
	return resolved
}

func withPrefix(prefix string, variables map[string]string) []string {
	pairs := []string{}
	for name, value := range variables {
		if strings.HasPrefix(name, prefix) && !strings.Contains(name, "/") {
			pairs = append(pairs, name+"="+value)
		}
	}
	sort.Strings(pairs)
	return pairs
}

// environmentFiles reads the settings of files, one a line; empty lines and those that begin with # are comments. What the
// service says itself comes after them and wins.
func environmentFiles(paths []string) ([]string, error) {
	settings := []string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("env_file: %w", err)
		}
		for _, line := range strings.Split(string(content), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				settings = append(settings, line)
			}
		}
	}
	return settings, nil
}
