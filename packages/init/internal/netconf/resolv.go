package netconf

import (
	"os"
	"slices"
	"strings"
	"sync"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

// names are name servers and search domains.
type names struct{ servers, search []string }

// resolver keeps resolv.conf in line with the configuration and the leases.
type resolver struct {
	path   string
	config config.DNS
	lock   sync.Mutex
	leased map[string]names
}

// set takes what an interface's lease says; the zero value when it has none any more.
func (r *resolver) set(link string, from names) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.leased == nil {
		r.leased = map[string]names{}
	}
	r.leased[link] = from
	return r.write()
}

func (r *resolver) write() error {
	content := []byte(r.text())
	if have, err := os.ReadFile(r.path); err == nil && slices.Equal(have, content) {
		return nil
	}
	return atomicfile.Write(r.path, content, 0o644, nil)
}

// text has what the leases say first, in the order of the links' names, then the configuration; with dns.override only the
// configuration.
func (r *resolver) text() string {
	all := names{}
	if !r.config.Override {
		links := make([]string, 0, len(r.leased))
		for link := range r.leased {
			links = append(links, link)
		}
		slices.Sort(links)
		for _, link := range links {
			all.servers = append(all.servers, r.leased[link].servers...)
			all.search = append(all.search, r.leased[link].search...)
		}
	}
	all.servers = append(all.servers, r.config.Nameservers...)
	all.search = append(all.search, r.config.Search...)
	var text strings.Builder
	if search := unique(all.search); len(search) > 0 {
		text.WriteString("search " + strings.Join(search, " ") + "\n")
	}
	for _, server := range unique(all.servers) {
		text.WriteString("nameserver " + server + "\n")
	}
	return text.String()
}

func unique(items []string) []string {
	kept := []string{}
	for _, item := range items {
		if !slices.Contains(kept, item) {
			kept = append(kept, item)
		}
	}
	return kept
}
