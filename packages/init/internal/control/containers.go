package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/service"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
)

const (
	commandLimit = 30 * time.Minute
	// userLimit is how long the user's docker may take to answer a command that it may have nothing to do with.
	userLimit = 5 * time.Second
)

// withSystem calls back with system docker, which must answer.
func (s *session) withSystem(call func(ctx context.Context, docker *client.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	docker, err := engine.Connect(filepath.Join(s.root, engine.SystemSocket))
	if err != nil {
		return err
	}
	defer docker.Close()
	return call(ctx, docker)
}

// connectUser gives the user's docker if it answers.
func (s *session) connectUser(ctx context.Context) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, userLimit)
	defer cancel()
	return engine.Wait(ctx, filepath.Join(s.root, engine.UserSocket))
}

// placed is a service's container and the daemon that has it.
type placed struct {
	container.Summary
	docker *client.Client
}

// ours are the containers of services in both daemons, by the service's name.
func (s *session) ours(ctx context.Context, system, user *client.Client) (map[string]placed, error) {
	have := map[string]placed{}
	for _, docker := range []*client.Client{user, system} {
		if docker == nil {
			continue
		}
		list, err := docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", service.NameLabel))})
		if err != nil {
			return nil, err
		}
		for _, summary := range list {
			have[summary.Labels[service.NameLabel]] = placed{summary, docker}
		}
	}
	return have, nil
}

// withContainers calls back with all containers of services. The user's docker is asked when one of the names is not among
// those of system docker, or no name is given.
func (s *session) withContainers(names []string, call func(ctx context.Context, have map[string]placed) error) error {
	return s.withSystem(func(ctx context.Context, system *client.Client) error {
		have, err := s.ours(ctx, system, nil)
		if err != nil {
			return err
		}
		missing := slices.ContainsFunc(names, func(name string) bool { _, found := have[name]; return !found })
		if missing || len(names) == 0 {
			if user, err := s.connectUser(ctx); err == nil {
				defer user.Close()
				if have, err = s.ours(ctx, system, user); err != nil {
					return err
				}
			}
		}
		return call(ctx, have)
	})
}

// onEach calls back for the container of each service; all are tried, the error joins what failed.
func (s *session) onEach(names []string, call func(ctx context.Context, at placed) error) error {
	return s.withContainers(names, func(ctx context.Context, have map[string]placed) error {
		var problems []error
		for _, name := range names {
			found, exists := have[name]
			if !exists {
				problems = append(problems, s.noSuchService(name))
			} else if err := call(ctx, found); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
		}
		return errors.Join(problems...)
	})
}

func (s *session) noSuchService(name string) error {
	known := serviceNames(s)
	if slices.Contains(known, name) {
		return fmt.Errorf("service %s has no container: ros service up %s", name, name)
	}
	if meant := nearest(name, known); meant != "" {
		return fmt.Errorf("no such service: %s, did you mean %s?", name, meant)
	}
	return fmt.Errorf("no such service: %s", name)
}

// obtain pulls the images of services that are not in their daemon; those of the user's docker only when it answers.
func (s *session) obtain(cfg *config.Config, services map[string]config.Service) error {
	return s.withSystem(func(ctx context.Context, system *client.Client) error {
		return s.onImages(ctx, system, services, func(docker *client.Client, name string, definition config.Service) error {
			if _, err := docker.ImageInspect(ctx, definition.Image); err == nil {
				return nil
			}
			return s.pull(ctx, docker, definition.Image, cfg)
		})
	})
}

// onImages calls back for each service that has an image, in name order, with the daemon that is to have it.
func (s *session) onImages(ctx context.Context, system *client.Client, services map[string]config.Service,
	call func(docker *client.Client, name string, definition config.Service) error) error {
	var user *client.Client
	var problems []error
	for _, name := range sorted(services) {
		definition, docker := services[name], system
		if definition.Labels[service.ScopeLabel] != "system" {
			if user == nil {
				connected, err := s.connectUser(ctx)
				if err != nil {
					problems = append(problems, fmt.Errorf("service %s: %w", name, err))
					continue
				}
				user = connected
				defer user.Close()
			}
			docker = user
		}
		if err := call(docker, name, definition); err != nil {
			problems = append(problems, fmt.Errorf("service %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func (s *session) pull(ctx context.Context, docker *client.Client, image string, cfg *config.Config) error {
	if image == "" {
		return nil
	}
	err := service.Pull(ctx, docker, image, cfg.Rancher.RegistryAuths, func(text string) { fmt.Fprint(s.stderr, text) })
	if err != nil {
		return fmt.Errorf("pulling %s: %s", image, strings.TrimSpace(err.Error()))
	}
	return nil
}
