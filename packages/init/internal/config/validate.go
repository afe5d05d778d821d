package config

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Validate says what is wrong in a document: what Check says, a document that is larger or not text, and values that fit
// their type but nothing that a machine could do. It is in the order of the lines.
func Validate(file string, content []byte) []Warning {
	switch {
	case len(content) > maxFileSize:
		return []Warning{{File: file, Message: fmt.Sprintf("%d bytes, limit %d", len(content), maxFileSize)}}
	case !utf8.Valid(content):
		return []Warning{{File: file, Message: "is not UTF-8"}}
	}
	warnings, broken := Check(file, content)
	var document yaml.Node
	if err := unmarshal(content, &document); !broken && err == nil && len(document.Content) > 0 {
		fitted := fitter{file: file}
		for _, rule := range rules {
			fitted.apply(rule, document.Content[0], strings.Split(rule.path, "."), "")
		}
		warnings = append(warnings, fitted.warnings...)
	}
	slices.SortStableFunc(warnings, func(a, b Warning) int { return a.Line - b.Line })
	return warnings
}

// rule is about every single value that stands at a path; * is every key of a map and every item of a list.
type rule struct {
	path string
	// wrong says what is wrong with a value; empty for nothing.
	wrong func(value string) string
}

var rules = []rule{
	{"write_files.*.path", absolute},
	{"write_files.*.permissions", octal},
	{"write_files.*.encoding", oneOf("", "text/plain", "b64", "base64", "gz", "gzip", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64")},
	{"ssh_authorized_keys.*", publicKey},
	{"hostname", hostname},
	{"rancher.ssh.port", port},
	{"rancher.ssh.listen_address", address},
	{"rancher.network.dns.nameservers.*", address},
	{"rancher.cloud_init.datasources.*", dataSource},
	{"rancher.services.*.image", filled},
}

func (f *fitter) apply(rule rule, node *yaml.Node, path []string, at string) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if len(path) == 0 {
		if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
			return
		}
		if wrong := rule.wrong(node.Value); wrong != "" {
			f.warn(node, "%s is %.80q, %s", at, node.Value, wrong)
		}
		return
	}
	switch {
	case node.Kind == yaml.SequenceNode && path[0] == "*":
		for index, item := range node.Content {
			f.apply(rule, item, path[1:], fmt.Sprintf("%s[%d]", at, index))
		}
	case node.Kind == yaml.ScalarNode && path[0] == "*":
		f.apply(rule, node, path[1:], at)
	case node.Kind == yaml.MappingNode:
		// Merge keys stand where they are written; what they bring is looked at there.
		for index := 0; index+1 < len(node.Content); index += 2 {
			if key := node.Content[index].Value; key == path[0] || path[0] == "*" {
				f.apply(rule, node.Content[index+1], path[1:], join(at, key))
			}
		}
	}
}

func absolute(value string) string {
	if !path.IsAbs(value) {
		return "want an absolute path"
	}
	return ""
}

func octal(value string) string {
	if _, err := strconv.ParseUint(strings.TrimPrefix(value, "0o"), 8, 12); err != nil {
		return "want octal digits up to 7777"
	}
	return ""
}

func oneOf(values ...string) func(string) string {
	return func(value string) string {
		if !slices.Contains(values, value) {
			return "want one of " + strings.Join(values[1:], ", ")
		}
		return ""
	}
}

// publicKey finds a type and a key in base64, after options if there are any (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").
func publicKey(value string) string {
	fields := strings.Fields(value)
	for at := 0; at+1 < len(fields); at++ {
		isType := strings.HasPrefix(fields[at], "ssh-") || strings.HasPrefix(fields[at], "ecdsa-") || strings.HasPrefix(fields[at], "sk-")
		if _, err := base64.StdEncoding.DecodeString(fields[at+1]); isType && err == nil {
			return ""
		}
	}
	return "want a public key: type, key, comment"
}

func hostname(value string) string {
	if len(value) > 64 || strings.ContainsAny(value, " \t\n/") {
		return "want a host name of at most 64 characters"
	}
	return ""
}

func port(value string) string {
	if number, err := strconv.Atoi(value); err == nil && (number < 1 || number > 65535) {
		return "want a number from 1 to 65535"
	}
	return ""
}

func address(value string) string {
	if _, err := netip.ParseAddr(value); err != nil {
		return "want an address"
	}
	return ""
}

// dataSourceKinds are those of the package cloudinit.
var dataSourceKinds = []string{"*", "azure", "cmdline", "configdrive", "digitalocean", "ec2", "file", "gce", "nocloud", "openstack", "packet", "url", "vmware"}

// DataSourceKinds lists the words that a data source may begin with.
func DataSourceKinds() []string { return slices.Clone(dataSourceKinds) }

func dataSource(value string) string {
	kind, argument, _ := strings.Cut(value, ":")
	switch {
	case !slices.Contains(dataSourceKinds, kind):
		return "want kind or kind:argument with one of " + strings.Join(dataSourceKinds, ", ")
	case (kind == "url" || kind == "file") && argument == "":
		return "want " + kind + ":argument"
	}
	return ""
}

func filled(value string) string {
	if strings.TrimSpace(value) == "" {
		return "want an image"
	}
	return ""
}
