package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// atOnce bounds how many containers are created or started at the same time.
const atOnce = 4

// requestLimit is how long the daemon may take to create, start or remove one container, on an emulated machine too.
const requestLimit = 5 * time.Minute

// detachLimit is how long a service with the label detach=false may run before those after it start all the same.
const detachLimit = 15 * time.Minute

// Project brings the services of a configuration up in the two daemons.
type Project struct {
	// Docker is system docker.
	Docker *client.Client
	// User gives the user's docker when it answers; services without the label scope=system run there.
	User     func(context.Context) (*client.Client, error)
	Services map[string]config.Service
	// Auths are for images that must be pulled.
	Auths map[string]config.RegistryAuth
	// AwaitNetwork returns when the network is there, or is not to be waited for any longer. Nil does not wait.
	AwaitNetwork func(context.Context)
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
	// Later is called once the network is there, beside everything else; when it says so the configuration is given anew.
	Later func(context.Context) bool
	// Files gives the tar archive of what is to be in a service's container before it starts; nil when there is nothing.
	Files func(name string) (io.Reader, error)
	// Recreate makes containers anew that are as they should be, KeepOld keeps those that are not.
	Recreate, KeepOld bool
	// ForceRebuild names a service whose container is made anew once per boot though its label says never.
	ForceRebuild string
	// CreateOnly starts nothing.
	CreateOnly bool
}

// Up creates and starts what the configuration has, removes containers of ours that it does not have, and returns the
// result of each service, in name order. A service that fails keeps only those from starting that need it. The error
// means that the daemon could not be asked.
func (p *Project) Up(ctx context.Context) ([]Result, error) {
	services := p.Services
	system, err := openDaemon(ctx, p.Docker)
	if err != nil {
		return nil, err
	}
	if len(p.Only) > 0 {
		if services, err = selected(services, Order(services), p.Only); err != nil {
			return nil, err
		}
	}
	run := newRun(p, system)
	defer run.user.close()
	if len(p.Only) == 0 {
		p.removeOthers(ctx, system, services)
	}
	run.follow(ctx, services, p.Variables)
	if p.Later != nil {
		run.group.Add(1)
		go run.later(ctx)
	}
	run.group.Wait()
	if len(p.Only) == 0 && run.user.daemon != nil {
		p.removeOthers(ctx, run.user.daemon, run.plan.services)
	}
	return run.results(), nil
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

// removeOthers removes a daemon's containers of ours whose service is gone, or has gone to the other daemon.
func (p *Project) removeOthers(ctx context.Context, from *daemon, services map[string]config.Service) {
	for _, name := range sortedNames(from.have) {
		service, ours := from.have[name].Labels[NameLabel]
		if wanted, exists := services[service]; !ours || exists && isSystem(wanted) == (from.docker == p.Docker) {
			continue
		}
		if err := remove(ctx, from.docker, from.have[name].ID); err != nil {
			p.Log("service %s: removing its container, which is no longer configured: %v", service, err)
			continue
		}
		p.Log("service %s: is no longer configured, its container was removed", service)
	}
}

func remove(ctx context.Context, docker *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return docker.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
}
