package cloudinit

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"rancheros-kit/init/internal/config"
)

// maxHostname is the kernel's limit (uts_namespaces(7)).
const maxHostname = 64

const userDataName = "user-data"

// classify finds out which file user-data belongs to; empty for none. The content is unpacked if it was gzip'd, and a
// compose file becomes a cloud-config.
func classify(userData []byte) (path string, content []byte, err error) {
	if bytes.HasPrefix(userData, []byte{0x1f, 0x8b}) {
		if userData, err = gunzip(userData); err != nil {
			return "", nil, fmt.Errorf("user-data left out: %w", err)
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimPrefix(userData, []byte("\xef\xbb\xbf")), []byte("\n"))
	switch line := strings.TrimSpace(string(first)); {
	case len(bytes.TrimSpace(userData)) == 0:
		return "", nil, nil
	case strings.HasPrefix(line, "#!"):
		return config.ScriptFile, userData, nil
	case line == "#cloud-config":
		warnings, broken := config.Check(userDataName, userData)
		if broken {
			return "", nil, errors.New(warnings[0].String())
		}
		return config.BootFile, userData, nil
	case line == "#compose":
		content, warnings, err := config.Compose(userDataName, userData)
		if err != nil {
			return "", nil, err
		}
		// What is left out now will not be there to be told later.
		var problems []error
		for _, warning := range warnings {
			problems = append(problems, errors.New(warning.String()))
		}
		return config.BootFile, content, errors.Join(problems...)
	default:
		return "", nil, fmt.Errorf("user-data:1: left out: its first line is %.40q, want #cloud-config, #compose or #!", line)
	}
}

func gunzip(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, err
	}
	if len(content) > limit {
		return nil, fmt.Errorf("more than %d bytes when unpacked", limit)
	}
	return content, nil
}

// clean leaves out what can not be what it should be: the values go into files of the configuration as they are.
func clean(metadata config.Metadata) (config.Metadata, error) {
	var problems []error
	drop := func(what, value string) {
		problems = append(problems, fmt.Errorf("metadata: %s %.80q left out", what, value))
	}
	if name := metadata.Hostname; len(name) > maxHostname || strings.ContainsFunc(name, notInHostname) {
		drop("host name", name)
		metadata.Hostname = ""
	}
	for what, value := range map[string]*string{
		"public IPv4 address": &metadata.PublicIPv4, "private IPv4 address": &metadata.PrivateIPv4,
		"public IPv6 address": &metadata.PublicIPv6, "private IPv6 address": &metadata.PrivateIPv6,
	} {
		address, err := netip.ParseAddr(*value)
		if *value != "" && (err != nil || address.Zone() != "" || address.Is4() != strings.Contains(what, "IPv4")) {
			drop(what, *value)
			*value = ""
		}
	}
	keys := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(metadata.SSHPublicKeys)) {
		key := strings.TrimSpace(metadata.SSHPublicKeys[name])
		if key == "" || strings.ContainsFunc(key, unicode.IsControl) {
			drop("ssh key "+name, key)
			continue
		}
		keys[name] = key
	}
	metadata.SSHPublicKeys = nil
	if len(keys) > 0 {
		metadata.SSHPublicKeys = keys
	}
	return metadata, errors.Join(problems...)
}

func notInHostname(character rune) bool {
	return character > unicode.MaxASCII || !unicode.IsLetter(character) && !unicode.IsDigit(character) && character != '-' && character != '.' && character != '_'
}
