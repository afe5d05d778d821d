package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// run is one bring-up. A service's state is written by its own goroutine only, and read by others after done is closed.
type run struct {
	*Project
	system *daemon
	user   userDaemon
	slots  chan struct{}
	group  sync.WaitGroup
	// reloading keeps calls of Reload from overlapping.
	reloading sync.Mutex

	lock     sync.Mutex
	plan     *plan
	state    map[string]*state
	finished map[string]Result
}

type state struct {
	done   chan struct{}
	result Result
	// plan is what the service follows since it began.
	plan     *plan
	hash     string
	replaced bool
	err      error
}

func newRun(project *Project, system *daemon) *run {
	return &run{Project: project, system: system, user: userDaemon{connect: project.User}, slots: make(chan struct{}, atOnce),
		state: map[string]*state{}, finished: map[string]Result{}}
}

// service waits for those before it and brings one service up.
func (r *run) service(ctx context.Context, name string, state *state) {
	defer r.group.Done()
	defer close(state.done)
	if !r.inTurn(name, state) {
		return
	}
	if state.err == nil {
		state.result.Image = state.plan.services[name].Image
		state.result.Start = time.Now()
		state.err = r.bringUp(ctx, name, state)
	}
	state.result.End = time.Now()
	if state.err != nil {
		state.result.Error = state.err.Error()
		r.Log("service %s: %v", name, state.err)
	}
	r.finish(state.result)
	if state.plan.services[name].Labels[ReloadLabel] == "true" {
		r.reload(ctx)
	}
}

func (r *run) finish(result Result) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.finished[result.Name] = result
	if r.Record != nil {
		r.Record(r.sorted())
	}
}

func (r *run) results() []Result {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.sorted()
}

func (r *run) sorted() []Result {
	list := []Result{}
	for _, name := range sortedNames(r.finished) {
		list = append(list, r.finished[name])
	}
	return list
}

func (r *run) bringUp(ctx context.Context, name string, state *state) error {
	in, err := r.daemonOf(ctx, state.plan.services[name])
	if err != nil {
		return err
	}
	spec, err := r.spec(ctx, name, state.plan, in)
	if err != nil {
		return err
	}
	state.hash = spec.Hash
	id, started, err := r.place(ctx, in, spec, state)
	if err != nil {
		return err
	}
	state.result.Container = id
	if spec.Config.Labels[DetachLabel] == "false" && started {
		return waitFor(ctx, in.docker, id)
	}
	return nil
}

func (r *run) daemonOf(ctx context.Context, service config.Service) (*daemon, error) {
	if isSystem(service) {
		return r.system, nil
	}
	return r.user.get(ctx)
}

// spec makes the container of a service of what is known by now about those that it depends on.
func (r *run) spec(ctx context.Context, name string, plan *plan, in *daemon) (Spec, error) {
	service := plan.services[name]
	if service.Image == "" && service.Build != "" {
		service.Image = BuiltImage(name)
	}
	if service.Image != "" && in.image(service.Image) == "" {
		r.awaitNetwork(ctx)
	}
	imageID, err := in.obtain(ctx, service.Image, r.Auths)
	if err != nil {
		return Spec{}, err
	}
	inherited := []string{}
	for _, need := range plan.graph.Needs[name] {
		inherited = append(inherited, need+"="+r.of(need).hash)
	}
	spec, err := NewSpec(name, service, plan.variables, imageID, inherited)
	if err == nil && (service.Labels[RebuildLabel] == "always" || r.forced(name)) {
		spec.Config.Labels[BootLabel] = r.Boot
	}
	return spec, err
}

// place makes sure that the service's container is there and, unless it is only to be created, runs. It reports whether it
// was started now.
func (r *run) place(ctx context.Context, in *daemon, spec Spec, state *state) (id string, started bool, err error) {
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	old, exists := in.have[spec.Name]
	if exists && old.Labels[NameLabel] != spec.Name {
		return "", false, errors.New("a container that is not a service has this name")
	}
	if exists && r.rebuild(spec, old, state.plan.services[spec.Name]) {
		if err := remove(ctx, in.docker, old.ID); err != nil {
			return "", false, fmt.Errorf("removing the old container: %w", err)
		}
		exists, state.replaced = false, true
	}
	id, running := old.ID, exists && old.State == container.StateRunning
	state.result.Action = Kept
	if !exists {
		if id, err = create(ctx, in.docker, spec); err != nil {
			return "", false, err
		}
		running, state.result.Action = false, Created
	}
	if running || r.CreateOnly || spec.Config.Labels[CreateOnlyLabel] == "true" {
		return id, false, nil
	}
	if id, err = r.start(ctx, in.docker, spec, id); err != nil {
		return id, false, err
	}
	if state.result.Action == Kept {
		state.result.Action = Started
	}
	return id, true, nil
}

func create(ctx context.Context, docker *client.Client, spec Spec) (string, error) {
	created, err := docker.ContainerCreate(ctx, &spec.Config, &spec.Host, nil, nil, spec.Name)
	if err != nil {
		return "", fmt.Errorf("creating the container: %w", err)
	}
	return created.ID, nil
}

// start starts a container. When all of docker was killed at once its runtime may still know the id of a container that runs no
// more: a new container has another id. One that must keep what was written in it (rebuild=false) is left as it is.
func (r *run) start(ctx context.Context, docker *client.Client, spec Spec, id string) (string, error) {
	r.putFiles(ctx, docker, spec.Name, id)
	err := docker.ContainerStart(ctx, id, container.StartOptions{})
	if err != nil && isTaken(err) && spec.Config.Labels[RebuildLabel] != "false" {
		r.Log("service %s: %v; it gets a new container", spec.Name, err)
		if err := remove(ctx, docker, id); err != nil {
			return id, fmt.Errorf("removing the container that could not be started: %w", err)
		}
		if id, err = create(ctx, docker, spec); err != nil {
			return id, err
		}
		r.putFiles(ctx, docker, spec.Name, id)
		err = docker.ContainerStart(ctx, id, container.StartOptions{})
	}
	if err != nil {
		return id, fmt.Errorf("starting the container: %w", err)
	}
	return id, nil
}

// putFiles gives a container the files that the configuration has for it.
func (r *run) putFiles(ctx context.Context, docker *client.Client, name, id string) {
	if r.Files == nil {
		return
	}
	archive, err := r.Files(name)
	if err == nil && archive != nil {
		err = docker.CopyToContainer(ctx, id, "/", archive, container.CopyToContainerOptions{})
	}
	if err != nil {
		r.Log("service %s: writing its files: %v", name, err)
	}
}

// isTaken reads what docker, containerd ("failed to start shim: mkdir …/id: file exists") and runc say of an id that they know already.
func isTaken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "already in use") && !strings.Contains(text, "address already in use") ||
		strings.Contains(text, "already exists") || strings.Contains(text, "failed to start shim") && strings.Contains(text, "file exists")
}

// rebuild decides whether a container that is there must be replaced: `false` never, `always` once per boot, else when what it
// is made of changed. Who shares a container's namespaces goes with that container.
func (r *run) rebuild(spec Spec, old container.Summary, service config.Service) bool {
	shared := slices.ContainsFunc([]string{service.Net, service.Pid, service.Ipc}, func(namespace string) bool {
		other := r.of(sharedWith(namespace))
		return other != nil && other.replaced
	})
	switch label := service.Labels[RebuildLabel]; {
	case r.KeepOld:
		return false
	case r.Recreate || old.Labels[sourceLabel] != spec.Config.Labels[sourceLabel]:
		return true
	case label == "false" && !r.forced(spec.Name):
		return false
	case label == "always" || label == "false":
		return shared || old.Labels[BootLabel] != r.Boot || old.Labels[HashLabel] != spec.Hash
	default:
		return shared || old.Labels[HashLabel] != spec.Hash
	}
}

// forced tells whether the configuration wants the console made anew at every boot although it says that it should not be.
func (r *run) forced(name string) bool { return name == r.ForceRebuild && name != "" }

// waitFor waits until a container has exited; another exit code than 0 is told, and those after it start all the same.
func waitFor(ctx context.Context, docker *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, detachLimit)
	defer cancel()
	exited, failed := docker.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case response := <-exited:
		if response.StatusCode != 0 {
			return fmt.Errorf("exited with code %d%s", response.StatusCode, lastWords(ctx, docker, id))
		}
		return nil
	case err := <-failed:
		if ctx.Err() != nil {
			return fmt.Errorf("has not ended after %v, going on without it", detachLimit)
		}
		return fmt.Errorf("waiting for its end: %w", err)
	}
}

// lastWords are the last lines that a container wrote, after a colon; nothing when it wrote none.
func lastWords(ctx context.Context, docker *client.Client, id string) string {
	const lines, most = "3", 600
	logs, err := docker.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: lines})
	if err != nil {
		return ""
	}
	defer logs.Close()
	var text bytes.Buffer
	if _, err := stdcopy.StdCopy(&text, &text, io.LimitReader(logs, 64<<10)); err != nil && text.Len() == 0 {
		return ""
	}
	said := strings.ToValidUTF8(strings.Join(strings.FieldsFunc(text.String(), func(r rune) bool { return r == '\n' || r == '\r' }), "; "), "?")
	if said == "" {
		return ""
	}
	return ": " + said[max(0, len(said)-most):]
}
