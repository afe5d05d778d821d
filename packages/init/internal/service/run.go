package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
)

// run is one bring-up. A service's state is written by its own goroutine only, and read by others after done is closed.
type run struct {
	*Project
	have   map[string]container.Summary
	images map[string]string
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

func newRun(project *Project, have map[string]container.Summary, images map[string]string) *run {
	return &run{Project: project, have: have, images: images, slots: make(chan struct{}, atOnce), state: map[string]*state{}, finished: map[string]Result{}}
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
	spec, err := r.spec(name, state.plan)
	if err != nil {
		return err
	}
	state.hash = spec.Hash
	id, started, err := r.place(ctx, spec, state)
	if err != nil {
		return err
	}
	state.result.Container = id
	if spec.Config.Labels[DetachLabel] == "false" && started {
		return r.waitFor(ctx, id)
	}
	return nil
}

// spec makes the container of a service of what is known by now about those that it depends on.
func (r *run) spec(name string, plan *plan) (Spec, error) {
	service := plan.services[name]
	imageID, exists := r.images[tagged(service.Image)]
	if !exists {
		return Spec{}, fmt.Errorf("image %q is not on this machine", service.Image)
	}
	inherited := []string{}
	for _, need := range plan.graph.Needs[name] {
		inherited = append(inherited, need+"="+r.of(need).hash)
	}
	spec, err := NewSpec(name, service, plan.variables, imageID, inherited)
	if err == nil && service.Labels[RebuildLabel] == "always" {
		spec.Config.Labels[BootLabel] = r.Boot
	}
	return spec, err
}

// place makes sure that the service's container is there and, unless it is only to be created, runs. It reports whether it
// was started now.
func (r *run) place(ctx context.Context, spec Spec, state *state) (id string, started bool, err error) {
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	old, exists := r.have[spec.Name]
	if exists && old.Labels[NameLabel] != spec.Name {
		return "", false, errors.New("a container that is not a service has this name")
	}
	if exists && r.rebuild(spec, old, state.plan.services[spec.Name]) {
		if err := r.remove(ctx, old.ID); err != nil {
			return "", false, fmt.Errorf("removing the old container: %w", err)
		}
		exists, state.replaced = false, true
	}
	id, running := old.ID, exists && old.State == container.StateRunning
	state.result.Action = Kept
	if !exists {
		created, err := r.Docker.ContainerCreate(ctx, &spec.Config, &spec.Host, nil, nil, spec.Name)
		if err != nil {
			return "", false, fmt.Errorf("creating the container: %w", err)
		}
		id, running, state.result.Action = created.ID, false, Created
	}
	if running || spec.Config.Labels[CreateOnlyLabel] == "true" {
		return id, false, nil
	}
	if err := r.Docker.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return id, false, fmt.Errorf("starting the container: %w", err)
	}
	if state.result.Action == Kept {
		state.result.Action = Started
	}
	return id, true, nil
}

// rebuild decides whether a container that is there must be replaced: `false` never, `always` once per boot, else when what it
// is made of changed. Who shares a container's namespaces goes with that container.
func (r *run) rebuild(spec Spec, old container.Summary, service config.Service) bool {
	shared := slices.ContainsFunc([]string{service.Net, service.Pid, service.Ipc}, func(namespace string) bool {
		other := r.of(sharedWith(namespace))
		return other != nil && other.replaced
	})
	switch service.Labels[RebuildLabel] {
	case "false":
		return false
	case "always":
		return shared || old.Labels[BootLabel] != r.Boot || old.Labels[HashLabel] != spec.Hash
	default:
		return shared || old.Labels[HashLabel] != spec.Hash
	}
}

// waitFor waits until a container has exited; another exit code than 0 is told, and those after it start all the same.
func (r *run) waitFor(ctx context.Context, id string) error {
	exited, failed := r.Docker.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case response := <-exited:
		if response.StatusCode != 0 {
			return fmt.Errorf("exited with code %d", response.StatusCode)
		}
		return nil
	case err := <-failed:
		return fmt.Errorf("waiting for its end: %w", err)
	}
}

// tagged adds the tag that a reference without one means.
func tagged(reference string) string {
	last := reference[strings.LastIndex(reference, "/")+1:]
	if strings.ContainsAny(last, ":@") {
		return reference
	}
	return reference + ":latest"
}
