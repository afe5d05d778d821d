package control

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/servicefile"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// special is a service that files can stand for as a whole: the console, the user's docker.
type special struct {
	// kind is how it is called on the command line, service its service, key where the configuration has the choice.
	kind, service, key string
	offered            func(servicefile.Index) []string
	chosen             func(*config.Config) string
}

var console = special{
	kind: "console", service: "console", key: "rancher.console",
	offered: func(index servicefile.Index) []string { return index.Consoles },
	chosen:  func(cfg *config.Config) string { return cfg.Rancher.Console },
}

var consoleCommands = command{
	names: []string{"console"}, usage: "ros console COMMAND", summary: "choose what people log in to",
	subcommands: console.commands(),
}

func (p special) commands() []command {
	words := func(s *session) []string {
		cfg, err := s.quietly().load()
		if err != nil {
			return nil
		}
		names := p.names(cfg, s.quietly().index(cfg, false))
		return sorted(names)
	}
	prefix := "ros " + p.kind
	return []command{
		{names: []string{"list"}, usage: prefix + " list [-u]", summary: "list those that there are", privileged: true, setup: p.list},
		{names: []string{"enable"}, usage: prefix + " enable NAME", summary: "use another one from the next boot on", privileged: true,
			least: 1, most: 1, want: "the name of a " + p.kind + ", a file, or an address", setup: plain(p.enable), words: words},
		{names: []string{"switch"}, usage: prefix + " switch [-f] [--no-pull] NAME", summary: "use another one at once", privileged: true,
			least: 1, most: 1, want: "the name of a " + p.kind + ", a file, or an address", setup: p.switchTo, words: words},
	}
}

// names tells of each one whether it is the one in use.
func (p special) names(cfg *config.Config, index servicefile.Index) map[string]bool {
	names := map[string]bool{servicefile.Default: false}
	for _, name := range p.offered(index) {
		names[name] = false
	}
	chosen := p.chosen(cfg)
	if chosen == "" {
		chosen = servicefile.Default
	}
	names[chosen] = true
	return names
}

// list has `current` before the one that runs and `disabled` before the others; `enabled` is one that is chosen for the next boot.
func (p special) list(s *session, flags *flag.FlagSet) func([]string) error {
	update := yes(flags, "ask the repositories again", "u", "update")
	return func([]string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		names := p.names(cfg, s.index(cfg, *update))
		running := p.running(s)
		if running != "" {
			names = maps.Clone(names)
			if _, known := names[running]; !known {
				names[running] = false
			}
		}
		for _, name := range sorted(names) {
			state := "disabled"
			switch {
			case name == running:
				state = "current "
			case names[name]:
				state = "enabled "
			}
			fmt.Fprintf(s.stdout, "%s %s\n", state, name)
		}
		return nil
	}
}

// running is the name of the one whose container is there; empty when that can not be found out.
func (p special) running(s *session) string {
	name := ""
	_ = s.withContainers([]string{p.service}, func(_ context.Context, have map[string]placed) error {
		if found, exists := have[p.service]; exists {
			if name = found.Labels[servicefile.SourceLabel]; name == "" {
				name = servicefile.Default
			}
		}
		return nil
	})
	return name
}

// load reads and checks the one that is named, and gets its image.
func (p special) load(s *session, cfg *config.Config, name string, pull bool) error {
	if name == servicefile.Default {
		return nil
	}
	source := servicefile.New(s.root, cfg, true)
	source.Fetcher.Tries, source.Variables = 2, variables(cfg)
	services, warnings, err := source.Load(context.Background(), name)
	s.warn(warnings)
	if err != nil {
		return err
	}
	definition, exists := services[p.service]
	if !exists {
		return fmt.Errorf("%s has no service %s", name, p.service)
	}
	if !pull {
		return nil
	}
	return s.obtain(cfg, map[string]config.Service{p.service: definition})
}

func (p special) enable(s *session, args []string) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	if err := p.load(s, cfg, args[0], true); err != nil {
		return err
	}
	return config.Set(s.root, p.key, args[0])
}

func (p special) switchTo(s *session, flags *flag.FlagSet) func([]string) error {
	force := yes(flags, "ask nothing", "f", "force")
	noPull := yes(flags, "do not get the image", "no-pull")
	return func(args []string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		if !*force && !s.confirm(fmt.Sprintf("Switching %ss ends what runs in the %s now. Continue?", p.kind, p.kind)) {
			return errors.New("nothing was done")
		}
		if err := p.load(s, cfg, args[0], !*noPull); err != nil {
			return err
		}
		if err := config.Set(s.root, p.key, args[0]); err != nil {
			return err
		}
		return s.recreateOutside(p.service)
	}
}

// recreateOutside makes a service's container anew from a container of its own: the one that this command runs in may be the
// one that ends.
func (s *session) recreateOutside(name string) error {
	return s.withSystem(func(ctx context.Context, docker *client.Client) error {
		helper := "switch-" + name
		network, err := docker.ContainerInspect(ctx, "network")
		if err != nil {
			return fmt.Errorf("looking for an image with ros in it: %w", err)
		}
		_ = docker.ContainerRemove(ctx, helper, container.RemoveOptions{Force: true})
		created, err := docker.ContainerCreate(ctx,
			&container.Config{Image: network.Image, Entrypoint: []string{"/usr/bin/ros", "service", "up", "--force-recreate", name}, Cmd: []string{}},
			&container.HostConfig{Privileged: true, NetworkMode: "host", PidMode: "host", VolumesFrom: []string{"network"}, AutoRemove: true}, nil, nil, helper)
		if err != nil {
			return err
		}
		return docker.ContainerStart(ctx, created.ID, container.StartOptions{})
	})
}
