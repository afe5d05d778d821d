package service

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"rancheros-kit/init/internal/config"
)

// Whatever services want of each other: those that have not failed can be brought into an order.
func TestOrderHasNoCircles(t *testing.T) {
	for seed := range int64(3000) {
		random := rand.New(rand.NewSource(seed))
		services := map[string]config.Service{}
		names := []string{}
		for at := range 2 + random.Intn(8) {
			names = append(names, fmt.Sprintf("s%d", at))
		}
		names = append(names, userDockerService, cloudInitService, networkService)
		pick := func() string { return names[random.Intn(len(names))] }
		for _, name := range names {
			service := config.Service{Labels: map[string]string{}}
			if random.Intn(4) > 0 {
				service.Labels[ScopeLabel] = systemScope
			}
			if random.Intn(2) == 0 {
				service.Labels[AfterLabel] = pick() + "," + pick()
			}
			if random.Intn(3) == 0 {
				service.Labels[BeforeLabel] = pick()
			}
			if random.Intn(4) == 0 {
				service.VolumesFrom = []string{pick()}
			}
			services[name] = service
		}
		graph := Order(services)
		graph.AwaitNetwork(services, func(string) bool { return random.Intn(2) == 0 })
		if left := unordered(services, graph); len(left) > 0 {
			t.Fatalf("seed %d: no order for %v\n%+v\n%+v", seed, left, services, graph)
		}
	}
}

// unordered takes away services whose turn it is until there are none, and gives the rest.
func unordered(services map[string]config.Service, graph Graph) []string {
	left := sortedNames(services)
	for {
		ready := slices.IndexFunc(left, func(name string) bool {
			waits := slices.Concat(graph.Needs[name], graph.After[name])
			if graph.Failed[name] != nil {
				return true // it does not wait for anybody
			}
			return !slices.ContainsFunc(waits, func(other string) bool { return slices.Contains(left, other) })
		})
		if ready < 0 {
			return left
		}
		left = slices.Delete(left, ready, ready+1)
	}
}
