package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// atOnce bounds how many containers are created or started at the same time.
const atOnce = 4

// requestLimit is how long the daemon may take to create, start or remove one container, on an emulated machine too.
const requestLimit = 5 * time.Minute

// Project brings the services of a configuration up in one daemon.
type Project struct {
	Docker *client.Client
	// Services are all of the configuration; those of the system's scope are brought up.
	Services map[string]config.Service
	// Only names the services to bring up, with what they need; empty is all of them, and then containers whose service is
	// gone are removed.
	Only []string
	// Variables are looked up for environment entries without a value.
	Variables map[string]string
	// Boot is the id of this boot; containers with rebuild=always are made anew once per boot.
	Boot string
	// Log gets one line for each thing worth telling.
	Log func(format string, arguments ...any)
	// Record gets the results so far, after each service; calls do not overlap.
	Record func([]Result)
	// Reload gives the configuration anew, after a service with the label reloadconfig has ended: services that have not
	// begun by then follow it, and those that are new in it are started. Nil leaves everything as it is.
	Reload func() (services map[string]config.Service, variables map[string]string)
}

// Up creates and starts what the configuration has, removes containers of ours that it does not have, and returns the
// result of each service, in name order. A service that fails keeps only those from starting that need it. The error
// means that the daemon could not be asked.
func (p *Project) Up(ctx context.Context) ([]Result, error) {
	services := p.systemServices(p.Services)
	have, err := p.containers(ctx)
	if err != nil {
		return nil, err
	}
	images, err := p.images(ctx)
	if err != nil {
		return nil, err
	}
	graph := Order(services)
	if len(p.Only) == 0 {
		p.removeOthers(ctx, services, have)
	} else if services, err = selected(services, graph, p.Only); err != nil {
		return nil, err
	} else {
		graph = Order(services)
	}
	run := newRun(p, have, images)
	run.follow(ctx, services, p.Variables, graph)
	run.group.Wait()
	return run.results(), nil
}

func (p *Project) systemServices(all map[string]config.Service) map[string]config.Service {
	services := map[string]config.Service{}
	for _, name := range sortedNames(all) {
		if service := all[name]; service.Labels[ScopeLabel] == systemScope {
			services[name] = service
		} else {
			p.Log("service %s: only services with the label %s: %s are started, left out", name, ScopeLabel, systemScope)
		}
	}
	return services
}

// selected are the named services and those that they need.
func selected(services map[string]config.Service, graph Graph, names []string) (map[string]config.Service, error) {
	kept := map[string]config.Service{}
	for todo := names; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		service, exists := services[name]
		if !exists {
			return nil, fmt.Errorf("no such service: %s", name)
		}
		if _, seen := kept[name]; !seen {
			kept[name] = service
			todo = append(slices.Clone(todo), graph.Needs[name]...)
		}
	}
	return kept, nil
}

// containers lists all containers of the daemon by name.
func (p *Project) containers(ctx context.Context) (map[string]container.Summary, error) {
	list, err := p.Docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs()})
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	have := map[string]container.Summary{}
	for _, summary := range list {
		for _, name := range summary.Names {
			have[name[1:]] = summary
		}
	}
	return have, nil
}

// images lists the ids of all images by their tags.
func (p *Project) images(ctx context.Context) (map[string]string, error) {
	list, err := p.Docker.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	ids := map[string]string{}
	for _, summary := range list {
		ids[summary.ID] = summary.ID
		for _, tag := range summary.RepoTags {
			ids[tag] = summary.ID
		}
	}
	return ids, nil
}

// removeOthers removes our containers whose service is gone.
func (p *Project) removeOthers(ctx context.Context, services map[string]config.Service, have map[string]container.Summary) {
	for _, name := range sortedNames(have) {
		service, ours := have[name].Labels[NameLabel]
		if _, wanted := services[service]; !ours || wanted {
			continue
		}
		if err := p.remove(ctx, have[name].ID); err != nil {
			p.Log("service %s: removing its container, which is no longer configured: %v", service, err)
			continue
		}
		p.Log("service %s: is no longer configured, its container was removed", service)
	}
}

func (p *Project) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return p.Docker.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
}
