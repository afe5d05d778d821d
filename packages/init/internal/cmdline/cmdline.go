// Package cmdline reads the kernel command line: the settings that start with `rancher.` and the kernel's own
// parameters that ros needs too.
package cmdline

import (
	"strconv"
	"strings"
	"time"
)

// Param is one token of the command line.
type Param struct {
	Name string
	// Value is the text after the first `=`.
	Value string
	// HasValue tells `name=` from `name`.
	HasValue bool
}

// Parse splits a command line at white space. There is no quoting: a value can hold no space.
func Parse(line string) []Param {
	var params []Param
	for _, token := range strings.Fields(line) {
		if token == "--" {
			continue
		}
		name, value, found := strings.Cut(token, "=")
		params = append(params, Param{Name: name, Value: value, HasValue: found})
	}
	return params
}

// Value gives the last value of a parameter.
func Value(line, name string) (string, bool) {
	value, found := "", false
	for _, param := range Parse(line) {
		if param.Name == name {
			value, found = param.Value, true
		}
	}
	return value, found
}

// Consoles lists the devices of all console= parameters, without options (`ttyS0,115200` is ttyS0), each once, in order.
func Consoles(line string) []string {
	var consoles []string
	seen := map[string]bool{}
	for _, param := range Parse(line) {
		device, _, _ := strings.Cut(param.Value, ",")
		if param.Name != "console" || device == "" || device == "null" || seen[device] {
			continue
		}
		seen[device] = true
		consoles = append(consoles, device)
	}
	return consoles
}

// PanicTimeout is how long panic= makes the machine wait before it restarts. Without the parameter, or when its value
// is no number, it is fallback; a negative value restarts at once.
func PanicTimeout(line string, fallback time.Duration) time.Duration {
	value, found := Value(line, "panic")
	if !found {
		return fallback
	}
	seconds, err := strconv.Atoi(value)
	if err != nil {
		return fallback
	}
	return time.Duration(max(seconds, 0)) * time.Second
}
