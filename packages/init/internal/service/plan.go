package service

import (
	"context"
	"fmt"
	"reflect"

	"rancheros-kit/init/internal/config"
)

// plan is what a bring-up follows. A reload of the configuration puts another in its place.
type plan struct {
	services  map[string]config.Service
	variables map[string]string
	graph     Graph
	// over is closed when the plan is replaced: who waits for somebody looks again for whom.
	over chan struct{}
}

// follow makes a plan the current one and begins its services that no plan had before.
func (r *run) follow(ctx context.Context, services map[string]config.Service, variables map[string]string) {
	graph := Order(services)
	graph.AwaitNetwork(services, func(name string) bool { return r.system.image(services[name].Image) == "" })
	for _, dropped := range graph.Dropped {
		r.Log("services: %s, order left out", dropped)
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	before := r.plan
	r.plan = &plan{services, variables, graph, make(chan struct{})}
	for _, name := range sortedNames(services) {
		state, known := r.state[name]
		if !known {
			r.begin(ctx, name)
		} else if state.plan != nil && !reflect.DeepEqual(state.plan.services[name], services[name]) {
			r.Log("service %s: was started before its configuration changed, the change holds from the next boot", name)
		}
	}
	if before != nil {
		close(before.over)
	}
}

// begin is called with the lock held.
func (r *run) begin(ctx context.Context, name string) {
	state := &state{done: make(chan struct{}), result: Result{Name: name, Image: r.plan.services[name].Image}}
	r.state[name] = state
	r.group.Add(1)
	go r.service(ctx, name, state)
}

// reload follows the configuration as it is now.
func (r *run) reload(ctx context.Context) {
	if r.Reload == nil {
		return
	}
	r.reloading.Lock()
	defer r.reloading.Unlock()
	services, variables := r.Reload()
	r.follow(ctx, services, variables)
}

// later reloads when what the network was needed for has come.
func (r *run) later(ctx context.Context) {
	defer r.group.Done()
	r.awaitNetwork(ctx)
	if r.Later(ctx) {
		r.reload(ctx)
	}
}

// awaitNetwork waits for the network; a service of that name must have been started for there to be one.
func (r *run) awaitNetwork(ctx context.Context) {
	if network := r.of(networkService); network != nil {
		<-network.done
	}
	if r.AwaitNetwork != nil {
		r.AwaitNetwork(ctx)
	}
}

// inTurn waits until a service may begin, which gives it its plan; state.err then says why it can not. It reports false
// for a service that the current plan does not have any more.
func (r *run) inTurn(name string, state *state) bool {
	for {
		r.lock.Lock()
		plan := r.plan
		r.lock.Unlock()
		if _, exists := plan.services[name]; !exists {
			return false
		}
		waited, err := r.wait(name, plan)
		if !waited {
			continue
		}
		r.lock.Lock()
		current := r.plan == plan
		if current {
			state.plan, state.err = plan, err
		}
		r.lock.Unlock()
		if current {
			return true
		}
	}
}

// wait waits for those that the plan has before a service; it reports false when the plan was replaced meanwhile.
func (r *run) wait(name string, plan *plan) (bool, error) {
	if err := plan.graph.Failed[name]; err != nil {
		return true, err
	}
	for _, earlier := range plan.graph.After[name] {
		if !r.ended(earlier, plan) {
			return false, nil
		}
	}
	for _, need := range plan.graph.Needs[name] {
		if !r.ended(need, plan) {
			return false, nil
		}
		if r.of(need).err != nil {
			return true, fmt.Errorf("needs %s, which failed", need)
		}
	}
	return true, nil
}

func (r *run) ended(name string, plan *plan) bool {
	select {
	case <-r.of(name).done:
		return true
	case <-plan.over:
		return false
	}
}

// of is the state of a service; nil for one that no plan has.
func (r *run) of(name string) *state {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.state[name]
}
