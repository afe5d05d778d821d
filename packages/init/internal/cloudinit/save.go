package cloudinit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"

	"go.yaml.in/yaml/v3"
)

// answeredFile says for this boot which data source has answered.
const answeredFile = "/run/ros/cloud-init.json"

// networkFile is there when netconf is done.
const networkFile = "/run/network.done"

// Pass is one questioning of the data sources. The first one of a boot, without Network, asks those on disks before any
// service starts; the second asks those that need the network, as far as they come before the one that answered.
type Pass struct {
	Root, CommandLine string
	Network           bool
	Limits            Limits
}

// Save asks the configured data sources and keeps the answer of the first one, in their order, that has something for this
// machine, in place of what an earlier boot kept: cloud-config.d/boot.yml, cloud-config-script, metadata. Without an answer
// everything stays as it is. The error joins all that was left out; none of it needs to stop a boot.
func (p Pass) Save(ctx context.Context, cfg *config.Config) error {
	sources, err := p.sources(cfg)
	if !p.Network {
		// The first pass of a boot must not be misled by what stands here from an earlier start of the program.
		err = errors.Join(err, replace(filepath.Join(p.Root, answeredFile), nil))
	}
	if len(sources) == 0 {
		return err
	}
	problems := []error{err}
	if p.Network {
		if err := p.awaitNetwork(ctx); err != nil {
			problems = append(problems, err)
		}
	}
	asker := &asker{root: p.Root, limits: p.Limits, guest: rpcTool{}}
	source, found, err := asker.first(ctx, sources)
	problems = append(problems, err)
	if source != nil {
		if err := keep(p.Root, found); err != nil {
			problems = append(problems, fmt.Errorf("cloud-init, %s: %w", source.name, err))
		}
		problems = append(problems, writeAnswered(p.Root, source.name))
	}
	return errors.Join(problems...)
}

// NeedsNetwork tells whether the second pass has anybody to ask.
func NeedsNetwork(root, commandLine string, cfg *config.Config) bool {
	sources, _ := Pass{Root: root, CommandLine: commandLine, Network: true}.sources(cfg)
	return len(sources) > 0
}

// sources are those that the pass asks.
func (p Pass) sources(cfg *config.Config) ([]source, error) {
	all, err := configured(cfg.Rancher.CloudInit.Datasources, p.CommandLine)
	answered := ""
	if p.Network {
		// What is unknown has been told by the first pass.
		answered, err = readAnswered(p.Root), nil
	}
	var sources []source
	for _, source := range all {
		if source.name == answered {
			break
		}
		if source.network == p.Network {
			sources = append(sources, source)
		}
	}
	return sources, err
}

// awaitNetwork waits until netconf is done, or not much longer than it may take; the sources are asked in either case.
func (p Pass) awaitNetwork(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.Limits.Network)
	defer cancel()
	for {
		if _, err := os.Stat(filepath.Join(p.Root, networkFile)); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cloud-init: no network after %v, the data sources are asked all the same", p.Limits.Network)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

type answered struct {
	Source string `json:"source"`
}

func readAnswered(root string) string {
	var record answered
	if content, err := os.ReadFile(filepath.Join(root, answeredFile)); err != nil || json.Unmarshal(content, &record) != nil {
		return ""
	}
	return record.Source
}

func writeAnswered(root, name string) error {
	text, err := json.Marshal(answered{name})
	if err != nil {
		return err
	}
	path := filepath.Join(root, answeredFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, append(text, '\n'), 0o644, nil)
}

// keep replaces the three files.
func keep(root string, found answer) error {
	if err := os.MkdirAll(filepath.Join(root, config.CloudConfigDir), 0o755); err != nil {
		return err
	}
	files := map[string][]byte{config.BootFile: nil, config.ScriptFile: nil, config.MetadataFile: nil}
	kind, content, problem := classify(found.userData)
	if kind != "" {
		files[kind] = content
	}
	metadata, dropped := clean(found.metadata)
	if !reflect.DeepEqual(metadata, config.Metadata{}) {
		text, err := yaml.Marshal(metadata)
		if err != nil {
			return fmt.Errorf("writing the metadata: %w", err)
		}
		files[config.MetadataFile] = text
	}
	problems := []error{problem, dropped}
	for path, content := range files {
		problems = append(problems, replace(filepath.Join(root, path), content))
	}
	return errors.Join(problems...)
}

// replace writes a file, or removes it when there is no content. A script is executable.
func replace(path string, content []byte) error {
	if content == nil {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	mode := os.FileMode(0o600)
	if strings.HasSuffix(path, config.ScriptFile) {
		mode = 0o700
	}
	return atomicfile.Write(path, content, mode, nil)
}
