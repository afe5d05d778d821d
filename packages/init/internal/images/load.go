package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/engine"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// pattern finds the tarballs of service images.
const pattern = "/usr/share/ros/images*.tar"

// LoadAll loads every tarball below root that has an image which the daemon does not have. It returns the tarballs that
// were loaded; a tarball that can not be loaded does not keep the others from it.
func LoadAll(ctx context.Context, docker *client.Client, root string) (loaded []string, err error) {
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		return nil, err
	}
	have, err := tags(ctx, docker)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, path := range paths {
		done, err := load(ctx, docker, path, have)
		if err != nil {
			problems = append(problems, fmt.Errorf("loading %s: %w", path, err))
		}
		if done {
			loaded = append(loaded, path)
		}
	}
	return loaded, errors.Join(problems...)
}

func tags(ctx context.Context, docker *client.Client) (map[string]string, error) {
	list, err := docker.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	ids := map[string]string{}
	for _, summary := range list {
		for _, tag := range summary.RepoTags {
			ids[tag] = summary.ID
		}
	}
	return ids, nil
}

func load(ctx context.Context, docker *client.Client, path string, have map[string]string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	entries, err := readManifest(file)
	if err != nil {
		return false, err
	}
	missing, err := anyMissing(entries, have)
	if err != nil || !missing {
		return false, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	response, err := docker.ImageLoad(ctx, file, client.ImageLoadWithQuiet(true))
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	return true, engine.Messages(response.Body, nil)
}

// anyMissing tells whether an image of the tarball is not in the daemon under each of its tags.
func anyMissing(entries []entry, have map[string]string) (bool, error) {
	for _, entry := range entries {
		id, err := entry.id()
		if err != nil {
			return false, err
		}
		for _, tag := range entry.RepoTags {
			if have[tag] != id {
				return true, nil
			}
		}
	}
	return false, nil
}
