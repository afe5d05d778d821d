package imagestore

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rancheros-kit/init/internal/enginetest"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// load gives a daemon the test image; its layer is the same under every tag.
func load(t *testing.T, docker *client.Client, tag string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	enginetest.Tarball(t, path, tag)
	tarball, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tarball.Close()
	response, err := docker.ImageLoad(context.Background(), tarball, client.ImageLoadWithQuiet(true))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

func create(t *testing.T, docker *client.Client, image, name string) {
	t.Helper()
	config := &container.Config{Image: image, Cmd: []string{"7"}}
	host := &container.HostConfig{NetworkMode: "none"}
	if _, err := docker.ContainerCreate(context.Background(), config, host, nil, nil, name); err != nil {
		t.Fatal(err)
	}
}

// change puts a file into a container, so that its commit has a layer.
func change(t *testing.T, docker *client.Client, name string) {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	err := errors.Join(writer.WriteHeader(&tar.Header{Name: "note", Mode: 0o644}), writer.Close())
	if err != nil {
		t.Fatal(err)
	}
	if err := docker.CopyToContainer(context.Background(), name, "/", &archive, container.CopyToContainerOptions{}); err != nil {
		t.Fatal(err)
	}
}

// exitCode runs a container that was created.
func exitCode(t *testing.T, docker *client.Client, name string) int64 {
	t.Helper()
	ctx := context.Background()
	if err := docker.ContainerStart(ctx, name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	ended, failed := docker.ContainerWait(ctx, name, container.WaitConditionNotRunning)
	select {
	case err := <-failed:
		t.Fatal(err)
	case result := <-ended:
		return result.StatusCode
	}
	return -1
}

// Dockerd itself made both data roots: one is installed into the other, where it has loaded the lower layer under ids of
// its own.
func TestInstallForDocker(t *testing.T) {
	ctx := context.Background()
	source, target := t.TempDir(), t.TempDir()
	docker, stop := enginetest.StartOn(t, source)
	load(t, docker, "rancher/os-test:v1")
	create(t, docker, "rancher/os-test:v1", "changed")
	change(t, docker, "changed")
	if _, err := docker.ContainerCommit(ctx, "changed", container.CommitOptions{Reference: "rancher/os-upper:v1"}); err != nil {
		t.Fatal(err)
	}
	stop()
	docker, stop = enginetest.StartOn(t, target)
	load(t, docker, "mine:v1")
	create(t, docker, "mine:v1", "kept")
	stop()

	commit(t, installed(t, Options{Source: source, Target: target}, 1))
	docker, stop = enginetest.StartOn(t, target)
	for _, tag := range []string{"rancher/os-test:v1", "rancher/os-upper:v1", "mine:v1"} {
		if _, err := docker.ImageInspect(ctx, tag); err != nil {
			t.Errorf("%s: %v", tag, err)
		}
	}
	create(t, docker, "rancher/os-upper:v1", "fresh")
	for _, name := range []string{"fresh", "kept"} {
		if code := exitCode(t, docker, name); code != 7 {
			t.Errorf("%s ended with %d", name, code)
		}
	}
	stop()

	// A boot after a power cut: the layer that came from here is copied again below its container.
	if err := os.Remove(filepath.Join(copiedLayer(t, target), completeFile)); err != nil {
		t.Fatal(err)
	}
	installed(t, Options{Source: source, Target: target}, 1)
	docker, stop = enginetest.StartOn(t, target)
	defer stop()
	if code := exitCode(t, docker, "fresh"); code != 7 {
		t.Errorf("after the repair it ended with %d", code)
	}
}

func copiedLayer(t *testing.T, target string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(target, overlayDir, "*", completeFile))
	if err != nil || len(found) != 1 {
		t.Fatalf("complete layers: %v %v", found, err)
	}
	return filepath.Dir(found[0])
}
