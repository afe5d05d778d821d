package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
)

// What the runtime knows of a container that ended while nobody looked keeps its id: the service gets a new container.
func TestUpWithIdThatIsTaken(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	services := map[string]config.Service{"lost": system(nil), "kept": system(nil, RebuildLabel, "false")}
	project := Project{Docker: w.docker, Boot: w.boot, Log: w.note, Services: services}
	if _, err := project.Up(ctx); err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimPrefix(w.docker.DaemonHost(), "unix://")
	before := map[string]string{}
	for name := range services {
		id := w.inspect(name).ID
		before[name] = id
		none := 0
		if err := w.docker.ContainerStop(ctx, id, container.StopOptions{Timeout: &none}); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(filepath.Dir(socket), "exec/runtime-runc/moby", id), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	results, err := project.Up(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if failed := result.Error != ""; failed != (result.Name == "kept") {
			t.Errorf("%+v", result)
		}
	}
	if lost := w.inspect("lost"); lost.ID == before["lost"] || !lost.State.Running {
		t.Errorf("lost has the id %s, was %s, runs: %v", lost.ID, before["lost"], lost.State.Running)
	}
	if kept := w.inspect("kept"); kept.ID != before["kept"] {
		t.Error("a container that must keep what was written in it was replaced")
	}
	if log := strings.Join(w.log, "\n"); !strings.Contains(log, "service lost: ") || !strings.Contains(log, "it gets a new container") {
		t.Errorf("log:\n%s", log)
	}
}

func TestIsTaken(t *testing.T) {
	for text, want := range map[string]bool{
		`Conflict. The container name "/x" is already in use by container "y"`:      true,
		"container with id exists: already exists":                                  true,
		"failed to start shim: mkdir /run/containerd/moby/id: file exists: unknown": true,
		"mkdir /data: file exists":                                                  false,
		"listen tcp 0.0.0.0:80: bind: address already in use":                       false,
		"no such file or directory":                                                 false,
	} {
		if got := isTaken(errors.New(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
