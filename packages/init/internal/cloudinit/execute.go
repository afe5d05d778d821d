package cloudinit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"

	"golang.org/x/sys/unix"
)

// users are those who may log in with the configured keys.
var users = []string{"rancher", "docker"}

// Execute applies host name, proxies, ssh keys and files: what has to be there before somebody logs in. Each part is tried;
// the error joins what failed.
func Execute(root string, cfg *config.Config) error {
	name := hostname(root, cfg.Hostname)
	return errors.Join(SetHostname(name), nameInHosts(root, name), useProxies(root, cfg.Rancher.Network),
		AuthorizeKeys(root, cfg.SSHAuthorizedKeys), WriteFiles(root, cfg.WriteFiles))
}

// hostname is the configured name; where only os-config.yml has one it is the machine's present name, which a lease may have given while
// the console started.
func hostname(root, configured string) string {
	line, err := cmdline.Read(root)
	if err != nil || config.HostnameGiven(root, line) {
		return configured
	}
	if current, err := os.Hostname(); err == nil {
		return current
	}
	return configured
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
