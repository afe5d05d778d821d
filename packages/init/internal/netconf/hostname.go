package netconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/cloudinit"
)

const (
	hostsFile   = "/etc/hosts"
	ownAddress  = "127.0.1.1"
	maxHostname = 64
)

// hostName is RFC 1123 section 2.1 with the underscore that some networks use.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$`)

// host takes the machine's name from a lease when nothing else names the machine.
type host struct {
	root string
	take bool
	lock sync.Mutex
	// by is the link whose lease gave the name: the first one that has a name keeps it.
	by string
}

// offer is what a link's lease calls the machine.
func (h *host) offer(link, name string) error {
	if !h.take || name == "" {
		return nil
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.by != "" && h.by != link {
		return nil
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxHostname || !hostName.MatchString(name) {
		return fmt.Errorf("the lease's host name %q is none; left out", name)
	}
	h.by = link
	return setHostname(h.root, name)
}

// setHostname names the machine, and its own line in /etc/hosts.
func setHostname(root, name string) error {
	if name == "" {
		return nil
	}
	return errors.Join(cloudinit.SetHostname(name), writeHosts(filepath.Join(root, hostsFile), name))
}

func writeHosts(path, name string) error {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	next := hosts(string(content), name)
	if next == string(content) {
		return nil
	}
	return atomicfile.Write(path, []byte(next), 0o644, nil)
}

// hosts puts the name in the line of 127.0.1.1, which is added where there is none; all other lines stay.
func hosts(content, name string) string {
	own := ownAddress + "\t" + name
	var lines []string
	written := false
	for line := range strings.Lines(content) {
		line = strings.TrimSuffix(line, "\n")
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == ownAddress {
			if written {
				continue
			}
			line, written = own, true
		}
		lines = append(lines, line)
	}
	if !written {
		lines = append(lines, own)
	}
	return strings.Join(lines, "\n") + "\n"
}
