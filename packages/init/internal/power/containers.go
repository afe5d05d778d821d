package power

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"rancheros-kit/init/internal/daemon"
)

// userDocker is the service whose containers end before those of the system.
const userDocker = "docker"

// stopContainers stops the containers of system docker: the user's docker first, which stops the user's containers, then
// all others side by side.
func stopContainers(seconds int) error {
	docker, err := client.NewClientWithOpts(client.WithHost("unix://"+daemon.Socket), client.WithAPIVersionNegotiation())
	if err != nil {
		return err
	}
	defer docker.Close()
	running, err := list(docker)
	if client.IsErrConnectionFailed(err) {
		return nil // no daemon, no containers
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(3*seconds+2*userDockerMore)*time.Second)
	defer cancel()
	first, rest := split(running)
	return errors.Join(stopAll(ctx, docker, first, seconds+userDockerMore), stopAll(ctx, docker, rest, seconds))
}

// list does not wait long: a daemon that is still starting, or hangs, gets its signal all the same.
func list(docker *client.Client) ([]container.Summary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), listTimeout)
	defer cancel()
	return docker.ContainerList(ctx, container.ListOptions{})
}

func split(running []container.Summary) (first, rest []container.Summary) {
	for _, c := range running {
		if name(c) == userDocker {
			first = append(first, c)
		} else {
			rest = append(rest, c)
		}
	}
	return first, rest
}

func name(c container.Summary) string {
	if len(c.Names) == 0 {
		return c.ID
	}
	return strings.TrimPrefix(c.Names[0], "/")
}

// stopAll stops containers side by side; those that do not end within so many seconds are killed.
func stopAll(ctx context.Context, docker *client.Client, containers []container.Summary, seconds int) error {
	failures := make([]error, len(containers))
	var stopping sync.WaitGroup
	for i, c := range containers {
		stopping.Add(1)
		go func() {
			defer stopping.Done()
			if err := docker.ContainerStop(ctx, c.ID, container.StopOptions{Timeout: &seconds}); err != nil {
				failures[i] = fmt.Errorf("%s: %w", name(c), err)
			}
		}()
	}
	stopping.Wait()
	return errors.Join(failures...)
}
