package sysinit

import (
	"context"
	"io"
	"os"

	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/images"
	"rancheros-kit/init/internal/kmsg"

	"github.com/docker/docker/client"
)

// userDocker waits until the user's docker answers. With rancher.preload_wait the images of its preload folders are loaded first.
func (m *machine) userDocker(ctx context.Context) (*client.Client, error) {
	waiting, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	docker, err := engine.Wait(waiting, engine.UserSocket)
	if err == nil && m.config.Rancher.PreloadWait {
		preload(ctx, docker, images.PreloadUser)
	}
	return docker, err
}

// preloadUser loads the images of the user's preload folders where there are any.
func (m *machine) preloadUser(ctx context.Context) {
	filled := false
	for _, folder := range images.PreloadUser {
		entries, err := os.ReadDir(folder)
		filled = filled || err == nil && len(entries) > 0
	}
	if !filled {
		return
	}
	waiting, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	docker, err := engine.Wait(waiting, engine.UserSocket)
	if err != nil {
		kmsg.Error("preloading images: %v", err)
		return
	}
	defer docker.Close()
	preload(ctx, docker, images.PreloadUser)
}

// files are those of write_files for the container of a service.
func (m *machine) files(name string) (io.Reader, error) {
	return cloudinit.Archive(m.root, name, m.config.WriteFiles)
}
