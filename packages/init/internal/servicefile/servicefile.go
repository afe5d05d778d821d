// Package servicefile finds the files of services that a configuration includes by name: on this machine, at an address, or in
// a repository. What came over the network is kept, so that a boot without it has the same services.
package servicefile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/fetch"
)

const (
	cacheDirectory = "/var/lib/rancher/cache"
	maxSize        = 1 << 20
	defaultRetries = 6
)

// ErrNeedsNetwork says that a file has never been fetched and that the network may not be used yet.
var ErrNeedsNetwork = errors.New("is not on this machine yet")

// Source is where files are looked for.
type Source struct {
	Root         string
	Repositories map[string]config.Repository
	// Variables stand for `${NAME}` in the files.
	Variables map[string]string
	// Network allows to fetch what is not kept here, Update to fetch it although it is.
	Network, Update bool
	// HasImage tells whether an image is in system docker; a console or an engine without its image does not take the
	// place of the one on board. Nil is always true.
	HasImage func(reference string) bool
	// Fetcher asks servers.
	Fetcher fetch.Fetcher
}

// New is the source that a configuration describes.
func New(root string, cfg *config.Config, network bool) Source {
	retries := cfg.Rancher.HTTPLoadRetries
	if retries <= 0 {
		retries = defaultRetries
	}
	return Source{
		Root: root, Repositories: cfg.Rancher.Repositories, Variables: cfg.Rancher.Environment, Network: network,
		Fetcher: fetch.Fetcher{Request: 20 * time.Second, Pause: 500 * time.Millisecond, Tries: retries},
	}
}

// Load reads the services of a file: an absolute path, an http or https address, or a name in a repository. A digest after
// `#sha256:` is checked.
func (s Source) Load(ctx context.Context, name string) (map[string]config.Service, []config.Warning, error) {
	location, pin, _ := strings.Cut(name, "#")
	content, err := s.content(ctx, location, pin)
	if err != nil {
		return nil, nil, err
	}
	return config.ComposeServices(location, content, func(variable string) string { return s.Variables[variable] })
}

func (s Source) content(ctx context.Context, location, pin string) ([]byte, error) {
	if filepath.IsAbs(location) || isAddress(location) {
		return s.read(ctx, location, pin)
	}
	if !namePattern.MatchString(location) {
		return nil, fmt.Errorf("%q is no path, no address and no name of a service", location)
	}
	var problems []error
	for _, repository := range s.repositories() {
		path := fmt.Sprintf("%s/%s/%s.yml", repository, location[:1], location)
		content, err := s.read(ctx, path, pin)
		if err == nil {
			return content, nil
		}
		problems = append(problems, err)
	}
	if len(problems) == 0 {
		return nil, fmt.Errorf("no repository is configured (rancher.repositories) that could have %s", location)
	}
	return nil, errors.Join(problems...)
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func isAddress(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
}

// repositories are the addresses, in the order of their names.
func (s Source) repositories() []string {
	names := make([]string, 0, len(s.Repositories))
	for name := range s.Repositories {
		names = append(names, name)
	}
	sort.Strings(names)
	var addresses []string
	for _, name := range names {
		if address := strings.TrimRight(s.Repositories[name].URL, "/"); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// read gives what is at a path of this machine or at an address.
func (s Source) read(ctx context.Context, location, pin string) ([]byte, error) {
	if !isAddress(location) {
		content, err := os.ReadFile(filepath.Join(s.Root, location))
		if err != nil {
			return nil, err
		}
		return content, check(location, content, pin)
	}
	kept := filepath.Join(s.Root, cacheDirectory, cacheName(location))
	if content, err := os.ReadFile(kept); err == nil && !s.Update && check(location, content, pin) == nil {
		return content, nil
	}
	if !s.Network {
		return nil, fmt.Errorf("%s %w", location, ErrNeedsNetwork)
	}
	content, _, err := s.Fetcher.Do(ctx, fetch.Question{Method: "GET", URL: location, Limit: maxSize, Web: true})
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", location, err)
	}
	if err := check(location, content, pin); err != nil {
		return nil, err
	}
	return content, keep(kept, content)
}

func keep(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, content, 0o600, nil)
}

func cacheName(location string) string {
	sum := sha256.Sum256([]byte(location))
	return hex.EncodeToString(sum[:])
}

// check compares a content with `sha256:<hex>`; an empty pin accepts everything.
func check(location string, content []byte, pin string) error {
	if pin == "" {
		return nil
	}
	wanted, known := strings.CutPrefix(pin, "sha256:")
	if !known || len(wanted) != 2*sha256.Size {
		return fmt.Errorf("%s#%s: want sha256: and %d hexadecimal digits after the #", location, pin, 2*sha256.Size)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != strings.ToLower(wanted) {
		return fmt.Errorf("%s has the SHA-256 %x, want %s", location, sum, wanted)
	}
	return nil
}

// Index is what a repository offers.
type Index struct {
	Services []string `yaml:"services"`
	Consoles []string `yaml:"consoles"`
	Engines  []string `yaml:"engines"`
}

// Indexes reads index.yml of all repositories and joins them, each list sorted; the error names those that could not be read.
func (s Source) Indexes(ctx context.Context) (Index, error) {
	var all Index
	var problems []error
	for _, repository := range s.repositories() {
		content, err := s.read(ctx, repository+"/index.yml", "")
		var index Index
		if err == nil {
			err = config.DecodeYAML(content, &index)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all.Services = append(all.Services, index.Services...)
		all.Consoles = append(all.Consoles, index.Consoles...)
		all.Engines = append(all.Engines, index.Engines...)
	}
	for _, list := range []*[]string{&all.Services, &all.Consoles, &all.Engines} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return all, errors.Join(problems...)
}
