package service

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"rancheros-kit/init/internal/config"
)

// Graph is who waits for whom.
type Graph struct {
	// Needs are the services that must be there first: links, volumes_from, namespaces of other containers.
	Needs map[string][]string
	// After are those that come first where they exist, by the labels after and before and by log_driver.
	After map[string][]string
	// Failed are services that can never start, with the reason.
	Failed map[string]error
	// Dropped are orders that would have closed a circle, as text for the log.
	Dropped []string
}

// Order makes the graph of the services. Optional orders that close a circle are dropped, in name order; a circle of
// needs, or a need that is no service, makes the services on it fail.
func Order(services map[string]config.Service) Graph {
	graph := Graph{Needs: map[string][]string{}, After: map[string][]string{}, Failed: map[string]error{}}
	names := sortedNames(services)
	for _, name := range names {
		graph.Needs[name] = needs(services[name])
		for _, need := range graph.Needs[name] {
			if other, exists := services[need]; !exists {
				graph.Failed[name] = fmt.Errorf("needs %s, which is no service", need)
			} else if isSystem(other) != isSystem(services[name]) {
				graph.Failed[name] = fmt.Errorf("needs %s, which is in the other docker", need)
			}
		}
	}
	for _, name := range names {
		if graph.needed(name, name, map[string]bool{}) {
			graph.Failed[name] = fmt.Errorf("needs itself, through %s", strings.Join(graph.Needs[name], " or "))
		}
	}
	for _, edge := range optionalEdges(names, services) {
		graph.addOptional(edge[0], edge[1], services)
	}
	for _, name := range names {
		if !isSystem(services[name]) {
			// Its daemon is a service, and what cloud-init finds out may be for it.
			graph.addOptional(name, userDockerService, services)
			graph.addOptional(name, cloudInitService, services)
		}
	}
	return graph
}

// AwaitNetwork makes services whose image is not on this machine wait for the network, which they are to come over.
func (g *Graph) AwaitNetwork(services map[string]config.Service, absent func(name string) bool) {
	for _, name := range sortedNames(services) {
		if isSystem(services[name]) && absent(name) {
			g.addOptional(name, networkService, services)
		}
	}
}

// addOptional makes later wait for earlier unless that closes a circle.
func (g *Graph) addOptional(later, earlier string, services map[string]config.Service) {
	_, exists := services[earlier]
	_, known := services[later]
	if !exists || !known || later == earlier || slices.Contains(g.After[later], earlier) || slices.Contains(g.Needs[later], earlier) {
		return
	}
	if g.reaches(earlier, later, map[string]bool{}) {
		g.Dropped = append(g.Dropped, fmt.Sprintf("%s after %s would close a circle", later, earlier))
		return
	}
	g.After[later] = append(g.After[later], earlier)
}

// needed tells whether target is among what from needs, directly or not.
func (g *Graph) needed(from, target string, seen map[string]bool) bool {
	for _, need := range g.Needs[from] {
		if need == target {
			return true
		}
		if !seen[need] {
			seen[need] = true
			if g.needed(need, target, seen) {
				return true
			}
		}
	}
	return false
}

// reaches tells whether from waits for target, in any way.
func (g *Graph) reaches(from, target string, seen map[string]bool) bool {
	if from == target {
		return true
	}
	seen[from] = true
	for _, edges := range [][]string{g.Needs[from], g.After[from]} {
		for _, next := range edges {
			if !seen[next] && g.reaches(next, target, seen) {
				return true
			}
		}
	}
	return false
}

// needs lists what a service can not be created without.
func needs(service config.Service) []string {
	var list []string
	add := func(name string) {
		if name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	for _, link := range service.Links {
		name, _, _ := strings.Cut(link, ":")
		add(name)
	}
	for _, from := range service.VolumesFrom {
		name, _, _ := strings.Cut(from, ":")
		add(name)
	}
	for _, namespace := range []string{service.Net, service.Pid, service.Ipc} {
		add(sharedWith(namespace))
	}
	return list
}

// sharedWith is the name in `container:name`, else empty.
func sharedWith(namespace string) string {
	name, isContainer := strings.CutPrefix(namespace, "container:")
	if !isContainer {
		return ""
	}
	return name
}

// optionalEdges are pairs of a service and one that comes before it.
func optionalEdges(names []string, services map[string]config.Service) [][2]string {
	var edges [][2]string
	for _, name := range names {
		service := services[name]
		for _, earlier := range listOf(service.Labels[AfterLabel]) {
			edges = append(edges, [2]string{name, earlier})
		}
		for _, later := range listOf(service.Labels[BeforeLabel]) {
			edges = append(edges, [2]string{later, name})
		}
		if service.LogDriver == "syslog" {
			edges = append(edges, [2]string{name, "syslog"})
		}
	}
	return edges
}

func listOf(text string) []string {
	return strings.FieldsFunc(text, func(character rune) bool { return character == ',' || character == ' ' })
}

func sortedNames[V any](services map[string]V) []string {
	names := make([]string, 0, len(services))
	for name := range services {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
