package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Metadata is what a cloud-init data source says about the machine, as it stands in /var/lib/rancher/conf/metadata.
type Metadata struct {
	Hostname string `yaml:"hostname,omitempty"`
	// SSHPublicKeys are by name; their order in the configuration is the order of the names.
	SSHPublicKeys map[string]string `yaml:"sshpublickeys,omitempty"`
	PublicIPv4    string            `yaml:"publicipv4,omitempty"`
	PublicIPv6    string            `yaml:"publicipv6,omitempty"`
	PrivateIPv4   string            `yaml:"privateipv4,omitempty"`
	PrivateIPv6   string            `yaml:"privateipv6,omitempty"`
}

func readMetadata(root string) (Metadata, []Warning) {
	content, err := readRegular(filepath.Join(root, MetadataFile))
	if os.IsNotExist(err) {
		return Metadata{}, nil
	}
	if err != nil {
		return Metadata{}, []Warning{{File: MetadataFile, Message: fmt.Sprintf("file left out: %v", err)}}
	}
	var node yaml.Node
	if err := unmarshal(content, &node); err != nil {
		return Metadata{}, []Warning{yamlWarning(MetadataFile, err)}
	}
	var metadata Metadata
	if err := node.Decode(&metadata); err != nil {
		return Metadata{}, []Warning{{File: MetadataFile, Message: fmt.Sprintf("file left out: %v", err)}}
	}
	return metadata, nil
}

func (m Metadata) sshKeys() []string {
	names := make([]string, 0, len(m.SSHPublicKeys))
	for name := range m.SSHPublicKeys {
		names = append(names, name)
	}
	sort.Strings(names)
	keys := []string{}
	for _, name := range names {
		if key := strings.TrimSpace(m.SSHPublicKeys[name]); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

var addressVariable = regexp.MustCompile(`\\*\$(?:public|private)_ipv[46]`)

// substitute puts the machine's addresses in for $public_ipv4, $private_ipv4, $public_ipv6 and $private_ipv6; an unknown
// address is empty. A backslash before the name keeps the name, two are one backslash before the address.
func (m Metadata) substitute(content []byte) []byte {
	return addressVariable.ReplaceAllFunc(content, func(match []byte) []byte {
		backslashes, name, _ := strings.Cut(string(match), "$")
		kept := backslashes[:len(backslashes)/2]
		if len(backslashes)%2 == 1 {
			return []byte(kept + "$" + name)
		}
		return []byte(kept + m.address(name))
	})
}

func (m Metadata) address(name string) string {
	switch name {
	case "public_ipv4":
		return m.PublicIPv4
	case "public_ipv6":
		return m.PublicIPv6
	case "private_ipv4":
		return m.PrivateIPv4
	default:
		return m.PrivateIPv6
	}
}
