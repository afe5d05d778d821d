// Package cloudinit takes a machine's first configuration from a data source, keeps it for the boots to come, and
// applies the part of it that belongs to the console: host name, ssh keys, files, mounts, commands.
package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/fetch"
)

// answer is what a data source has for this machine.
type answer struct {
	userData []byte
	metadata config.Metadata
}

func (a answer) empty() bool {
	return a.userData == nil && reflect.DeepEqual(a.metadata, config.Metadata{})
}

// errAbsent says that a data source is not on this machine, or has not what was asked for.
var errAbsent = fetch.ErrAbsent

// limit is far above what any data source hands out.
const limit = 16 << 20

// kind is a kind of data source. An argument is a directory, a file or the address of a server, by kind; without one it is
// what the kind's cloud documents.
type kind struct {
	network bool
	ask     func(ctx context.Context, a *asker, argument string) (answer, error)
}

// Kinds, with the documents that say what they hold; the arguments are RancherOS's.
var kinds = map[string]kind{
	"configdrive":  {false, askConfigDrive},
	"nocloud":      {false, askNoCloud},
	"azure":        {false, askAzure},
	"vmware":       {false, askVMware},
	"file":         {false, askFile},
	"url":          {true, askURL},
	"ec2":          {true, askEC2},
	"gce":          {true, askGCE},
	"digitalocean": {true, askDigitalOcean},
	"packet":       {true, askPacket},
	"openstack":    {true, askOpenStack},
}

// everything is what the data source `*` stands for, disks first.
var everything = []string{"configdrive", "nocloud", "azure", "vmware", "ec2", "gce", "digitalocean", "packet", "openstack"}

// source is a configured data source.
type source struct {
	// name is `kind` or `kind:argument`, as configured.
	name, argument string
	kind
}

// configured reads the list of data sources. `cmdline` is the address that the command line gives, and nothing without one.
// What is unknown is left out and told.
func configured(names []string, commandLine string) ([]source, error) {
	var sources []source
	var problems []error
	for _, name := range names {
		word, argument, _ := strings.Cut(name, ":")
		switch found, known := kinds[word]; {
		case name == "*":
			for _, word := range everything {
				sources = append(sources, source{word, "", kinds[word]})
			}
		case word == "cmdline":
			if address := commandLineURL(commandLine); address != "" {
				sources = append(sources, source{name, address, kinds["url"]})
			}
		case known:
			sources = append(sources, source{name, argument, found})
		default:
			problems = append(problems, fmt.Errorf("cloud-init, %s: no data source of this kind", name))
		}
	}
	return sources, errors.Join(problems...)
}

func commandLineURL(commandLine string) string {
	for _, name := range []string{"cloud-config-url", "cloud_config_url"} {
		if address, found := cmdline.Value(commandLine, name); found && address != "" {
			return address
		}
	}
	return ""
}

func askFile(_ context.Context, a *asker, argument string) (answer, error) {
	content, err := readFile(filepath.Join(a.root, argument))
	return answer{userData: content}, err
}

func askURL(ctx context.Context, a *asker, argument string) (answer, error) {
	content, _, err := a.fetcher().Do(ctx, fetch.Question{Method: "GET", URL: argument, Limit: limit, Web: true})
	return answer{userData: content}, err
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, absent(err)
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", path, limit)
	}
	return os.ReadFile(path)
}

func absent(err error) error {
	if os.IsNotExist(err) {
		return errAbsent
	}
	return err
}
