package service

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// daemon is one of the two dockers and what it had when the bring-up began.
type daemon struct {
	docker *client.Client
	// have are its containers by name.
	have map[string]container.Summary

	lock sync.Mutex
	// images are the ids of its images by their tags and by themselves.
	images map[string]string
}

func openDaemon(ctx context.Context, docker *client.Client) (*daemon, error) {
	have, err := containers(ctx, docker)
	if err != nil {
		return nil, err
	}
	ids, err := imageIDs(ctx, docker)
	if err != nil {
		return nil, err
	}
	return &daemon{docker: docker, have: have, images: ids}, nil
}

// containers lists all containers of a daemon by name.
func containers(ctx context.Context, docker *client.Client) (map[string]container.Summary, error) {
	list, err := docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs()})
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

func imageIDs(ctx context.Context, docker *client.Client) (map[string]string, error) {
	list, err := docker.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	ids := map[string]string{}
	for _, summary := range list {
		ids[summary.ID] = summary.ID
		for _, tag := range summary.RepoTags {
			ids[tag] = summary.ID
		}
		for _, digest := range summary.RepoDigests {
			ids[digest] = summary.ID
		}
	}
	return ids, nil
}

// image is the id of an image; empty when the daemon does not have it.
func (d *daemon) image(reference string) string {
	d.lock.Lock()
	defer d.lock.Unlock()
	return d.images[tagged(reference)]
}

// obtain makes an image be there, by pulling it.
func (d *daemon) obtain(ctx context.Context, reference string, auths map[string]config.RegistryAuth) (string, error) {
	if id := d.image(reference); id != "" {
		return id, nil
	}
	missing := fmt.Errorf("image %q is not on this machine", reference)
	if reference == "" {
		return "", errors.New("has no image")
	}
	if err := Pull(ctx, d.docker, reference, auths, nil); err != nil {
		return "", fmt.Errorf("%w, and pulling it failed: %w", missing, err)
	}
	found, err := d.docker.ImageInspect(ctx, tagged(reference))
	if err != nil {
		return "", fmt.Errorf("%w although it was pulled: %w", missing, err)
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	d.images[tagged(reference)] = found.ID
	return found.ID, nil
}

// userDaemon gives the user's docker once it answers.
type userDaemon struct {
	connect func(context.Context) (*client.Client, error)
	once    sync.Once
	daemon  *daemon
	err     error
}

func (u *userDaemon) get(ctx context.Context) (*daemon, error) {
	u.once.Do(func() {
		if u.connect == nil {
			u.err = errors.New("there is no docker for the user's services")
			return
		}
		docker, err := u.connect(ctx)
		if err != nil {
			u.err = err
			return
		}
		u.daemon, u.err = openDaemon(ctx, docker)
	})
	return u.daemon, u.err
}

func (u *userDaemon) close() {
	if u.daemon != nil {
		_ = u.daemon.docker.Close()
	}
}
