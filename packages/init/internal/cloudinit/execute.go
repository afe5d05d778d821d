package cloudinit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"

	"golang.org/x/sys/unix"
)

// users are those who may log in with the configured keys.
var users = []string{"rancher", "docker"}

// Execute applies host name, proxies, ssh keys and files: what has to be there before somebody logs in. Each part is tried;
// the error joins what failed.
func Execute(root string, cfg *config.Config) error {
	return errors.Join(SetHostname(cfg.Hostname), nameInHosts(root, cfg.Hostname), useProxies(root, cfg.Rancher.Network),
		AuthorizeKeys(root, cfg.SSHAuthorizedKeys), WriteFiles(root, cfg.WriteFiles))
}

// ownAddress is the address that a machine's own name has in /etc/hosts, whatever addresses its network gives it.
const ownAddress = "127.0.1.1"

// nameInHosts makes the machine know its own name, where PID 1 wrote another one or none.
func nameInHosts(root, name string) error {
	path := filepath.Join(root, "etc/hosts")
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) || name == "" {
		return nil
	}
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	at := slices.IndexFunc(lines, func(line string) bool {
		fields := strings.Fields(line)
		return len(fields) > 0 && fields[0] == ownAddress
	})
	switch {
	case at < 0:
		lines = append(lines, ownAddress+"\t"+name)
	case slices.Contains(strings.Fields(lines[at])[1:], name):
		return nil
	default:
		lines[at] = ownAddress + "\t" + name
	}
	return atomicfile.Write(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644, nil)
}

// SetHostname changes the host name unless it is empty or set already.
func SetHostname(name string) error {
	if name == "" {
		return nil
	}
	if current, err := os.Hostname(); err == nil && current == name {
		return nil
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("setting the host name to %q: %w", name, err)
	}
	return nil
}

// AuthorizeKeys adds the keys to ~/.ssh/authorized_keys of rancher and docker, each key once; what is there stays.
func AuthorizeKeys(root string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	var problems []error
	for _, name := range users {
		if err := authorize(root, name, keys); err != nil {
			problems = append(problems, fmt.Errorf("authorizing ssh keys of %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func authorize(root, name string, keys []string) error {
	user, err := account.Find(root, name)
	if err != nil {
		return err
	}
	owner := atomicfile.Owner{UID: user.UID, GID: user.GID}
	directory := filepath.Join(root, user.Home, ".ssh")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	if err := os.Chown(directory, owner.UID, owner.GID); err != nil {
		return err
	}
	path := filepath.Join(directory, "authorized_keys")
	have, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	merged := mergeKeys(string(have), keys)
	if merged == string(have) {
		return nil
	}
	return atomicfile.Write(path, []byte(merged), 0o600, &owner)
}

// mergeKeys appends the keys that the file does not have. Two lines are the same key when type and key are; comments may differ.
func mergeKeys(have string, keys []string) string {
	seen := map[string]bool{}
	for _, line := range strings.Split(have, "\n") {
		seen[identity(line)] = true
	}
	merged := have
	if merged != "" && !strings.HasSuffix(merged, "\n") {
		merged += "\n"
	}
	for _, key := range keys {
		line := strings.TrimSpace(key)
		if line == "" || strings.ContainsAny(line, "\r\n") || seen[identity(line)] {
			continue
		}
		seen[identity(line)] = true
		merged += line + "\n"
	}
	return merged
}

func identity(line string) string {
	fields := strings.Fields(line)
	if len(fields) > 2 {
		fields = fields[:2]
	}
	return strings.Join(fields, " ")
}

// WriteFiles writes each file of write_files whole or not at all; a bad one does not keep the others from being written.
func WriteFiles(root string, files []config.WriteFile) error {
	var problems []error
	for _, file := range files {
		if err := writeFile(root, file); err != nil {
			problems = append(problems, fmt.Errorf("write_files, %s: %w", file.Path, err))
		}
	}
	return errors.Join(problems...)
}

func writeFile(root string, file config.WriteFile) error {
	if !filepath.IsAbs(file.Path) {
		return fmt.Errorf("path %q is not absolute", file.Path)
	}
	content, err := decode(file.Encoding, file.Content)
	if err != nil {
		return err
	}
	mode := uint64(0o644)
	if file.Permissions != "" {
		if mode, err = strconv.ParseUint(strings.TrimPrefix(file.Permissions, "0o"), 8, 12); err != nil {
			return fmt.Errorf("permissions %q, want octal digits up to 7777", file.Permissions)
		}
	}
	owner, err := account.Owner(root, file.Owner)
	if err != nil {
		return err
	}
	path := filepath.Join(root, file.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, content, fileMode(mode), &owner)
}

// fileMode has the set-id and sticky bits where Go wants them.
func fileMode(mode uint64) os.FileMode {
	result := os.FileMode(mode % 0o1000)
	special := mode / 0o1000
	if special/4%2 == 1 {
		result += os.ModeSetuid
	}
	if special/2%2 == 1 {
		result += os.ModeSetgid
	}
	if special%2 == 1 {
		result += os.ModeSticky
	}
	return result
}

func decode(encoding, text string) ([]byte, error) {
	content := []byte(text)
	var err error
	switch encoding {
	case "", "text/plain":
		return content, nil
	case "b64", "base64":
		return decodeBase64(content)
	case "gz", "gzip":
		return gunzip(content)
	case "gz+b64", "gz+base64", "gzip+b64", "gzip+base64":
		if content, err = decodeBase64(content); err != nil {
			return nil, err
		}
		return gunzip(content)
	default:
		return nil, fmt.Errorf("unknown encoding %q (b64, base64, gz, gzip, gz+b64, gzip+base64)", encoding)
	}
}

// decodeBase64 allows white space between the characters, as a YAML block has it.
func decodeBase64(text []byte) ([]byte, error) {
	packed := bytes.Join(bytes.Fields(text), nil)
	content := make([]byte, base64.StdEncoding.DecodedLen(len(packed)))
	length, err := base64.StdEncoding.Decode(content, packed)
	return content[:length], err
}
