package service

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestOrder(t *testing.T) {
	labels := func(pairs ...string) map[string]string {
		result := map[string]string{}
		for at := 0; at < len(pairs); at += 2 {
			result[pairs[at]] = pairs[at+1]
		}
		return result
	}
	tests := []struct {
		name     string
		services map[string]config.Service
		needs    map[string][]string
		after    map[string][]string
		failed   map[string]string
		dropped  []string
	}{
		{
			name: "needs of every kind",
			services: map[string]config.Service{
				"a": {Links: []string{"b:alias"}, VolumesFrom: []string{"c:ro"}, Net: "container:d", Pid: "container:d", Ipc: "host"},
				"b": {}, "c": {}, "d": {},
			},
			needs: map[string][]string{"a": {"b", "c", "d"}},
		},
		{
			name: "orders of every kind, absent ones left out",
			services: map[string]config.Service{
				"a": {Labels: labels(AfterLabel, "b, absent"), LogDriver: "syslog"},
				"b": {Labels: labels(BeforeLabel, "c,absent")}, "c": {}, "syslog": {LogDriver: "syslog"},
			},
			after: map[string][]string{"a": {"b", "syslog"}, "c": {"b"}},
		},
		{
			name:     "a circle of orders is opened",
			services: map[string]config.Service{"a": {Labels: labels(AfterLabel, "b")}, "b": {Labels: labels(AfterLabel, "c")}, "c": {Labels: labels(AfterLabel, "a")}},
			after:    map[string][]string{"a": {"b"}, "b": {"c"}},
			dropped:  []string{"c after a would close a circle"},
		},
		{
			name:     "an order against a need is dropped",
			services: map[string]config.Service{"a": {VolumesFrom: []string{"b"}}, "b": {Labels: labels(AfterLabel, "a")}},
			needs:    map[string][]string{"a": {"b"}},
			dropped:  []string{"b after a would close a circle"},
		},
		{
			name:     "a circle of needs fails",
			services: map[string]config.Service{"a": {VolumesFrom: []string{"b"}}, "b": {Links: []string{"a"}}, "c": {Links: []string{"a"}}, "d": {}},
			needs:    map[string][]string{"a": {"b"}, "b": {"a"}, "c": {"a"}},
			failed:   map[string]string{"a": "needs itself, through b", "b": "needs itself, through a"},
		},
		{
			name:     "a need that is no service fails",
			services: map[string]config.Service{"a": {VolumesFrom: []string{"absent"}}},
			needs:    map[string][]string{"a": {"absent"}},
			failed:   map[string]string{"a": "needs absent, which is no service"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			graph := Order(test.services)
			for name := range test.services {
				if !slices.Equal(graph.Needs[name], test.needs[name]) {
					t.Errorf("%s needs %v, want %v", name, graph.Needs[name], test.needs[name])
				}
				if !slices.Equal(graph.After[name], test.after[name]) {
					t.Errorf("%s comes after %v, want %v", name, graph.After[name], test.after[name])
				}
				message := ""
				if graph.Failed[name] != nil {
					message = graph.Failed[name].Error()
				}
				if message != test.failed[name] {
					t.Errorf("%s failed with %q, want %q", name, message, test.failed[name])
				}
			}
			if !slices.Equal(graph.Dropped, test.dropped) {
				t.Errorf("dropped %q, want %q", graph.Dropped, test.dropped)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	variables := map[string]string{"A": "global", "one/A": "own", "FLANNEL_B": "b", "FLANNEL_A": "a", "one/FLANNEL_C": "c"}
	tests := []struct {
		service string
		entries []string
		want    []string
	}{
		{"one", []string{"A"}, []string{"A=own"}},
		{"two", []string{"A"}, []string{"A=global"}},
		{"two", []string{"ABSENT", "B=", "C=x=y"}, []string{"B=", "C=x=y"}},
		{"one", []string{"FLANNEL_*"}, []string{"FLANNEL_A=a", "FLANNEL_B=b"}},
	}
	for _, test := range tests {
		if got := environment(test.service, test.entries, variables); !slices.Equal(got, test.want) {
			t.Errorf("environment(%s, %v) = %v, want %v", test.service, test.entries, got, test.want)
		}
	}
}

func TestNewSpec(t *testing.T) {
	service := config.Service{Image: "i", Net: "host", Pid: "host", Ipc: "host", Uts: "host", Privileged: true, Restart: "always",
		Volumes: []string{"/a:/b:ro", "/dev:/host/dev:rslave", "/anonymous"}, VolumesFrom: []string{"v"}, Labels: map[string]string{"own": "1"}}
	spec, err := NewSpec("name", service, nil, "sha256:1", []string{"v=1"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(spec.Host.Binds, []string{"/a:/b:ro", "/dev:/host/dev:rslave"}) || !reflect.DeepEqual(spec.Config.Volumes, map[string]struct{}{"/anonymous": {}}) {
		t.Errorf("binds %v, volumes %v", spec.Host.Binds, spec.Config.Volumes)
	}
	if spec.Host.CgroupnsMode != "host" || !spec.Host.Privileged || spec.Host.NetworkMode != "host" || spec.Host.UTSMode != "host" || spec.Host.IpcMode != "host" {
		t.Errorf("host configuration %+v", spec.Host)
	}
	if spec.Config.Labels["own"] != "1" || spec.Config.Labels[NameLabel] != "name" || len(spec.Config.Labels[HashLabel]) != 64 {
		t.Errorf("labels %v", spec.Config.Labels)
	}
	if len(service.Labels) != 1 {
		t.Error("the configuration's labels were changed")
	}
}

func TestHashCoversEverything(t *testing.T) {
	base := config.Service{Image: "i", Environment: []string{"A"}}
	hashOf := func(service config.Service, variables map[string]string, image string, inherited ...string) string {
		spec, err := NewSpec("n", service, variables, image, inherited)
		if err != nil {
			t.Fatal(err)
		}
		return spec.Hash
	}
	first := hashOf(base, nil, "1")
	if first != hashOf(base, map[string]string{"B": "unused"}, "1") {
		t.Error("the hash is not stable")
	}
	labelled := base
	labelled.Labels = map[string]string{"a": "b"}
	for name, other := range map[string]string{
		"image": hashOf(base, nil, "2"), "environment": hashOf(base, map[string]string{"A": "x"}, "1"), "inherited": hashOf(base, nil, "1", "v=2"), "label": hashOf(labelled, nil, "1"),
	} {
		if other == first {
			t.Errorf("the hash does not cover the %s", name)
		}
	}
}

func TestRestartPolicy(t *testing.T) {
	tests := []struct {
		text, want string
		count      int
		message    string
	}{
		{"", "no", 0, ""}, {"no", "no", 0, ""}, {"always", "unless-stopped", 0, ""}, {"on-failure:3", "on-failure", 3, ""}, {"on-failure", "on-failure", 0, ""},
		{"always:3", "", 0, "only on-failure has a count"}, {"on-failure:x", "", 0, "want on-failure:COUNT"}, {"sometimes", "", 0, "sometimes"},
	}
	for _, test := range tests {
		got, err := restartPolicy(test.text, true)
		if test.message != "" {
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("restart %q: %v, want %q", test.text, err, test.message)
			}
		} else if err != nil || string(got.Name) != test.want || got.MaximumRetryCount != test.count {
			t.Errorf("restart %q = %+v, %v", test.text, got, err)
		}
	}
}

func TestUsersRestartPolicy(t *testing.T) {
	if got, err := restartPolicy("always", false); err != nil || got.Name != "always" {
		t.Errorf("restart always in the user's docker = %+v, %v", got, err)
	}
}

func TestTagged(t *testing.T) {
	for reference, want := range map[string]string{"a": "a:latest", "a:1": "a:1", "host:5000/a": "host:5000/a:latest", "a@sha256:1": "a@sha256:1"} {
		if got := tagged(reference); got != want {
			t.Errorf("tagged(%s) = %s, want %s", reference, got, want)
		}
	}
}

func TestResultsFile(t *testing.T) {
	root := t.TempDir()
	want := []Result{{Name: "a", Image: "i", Action: Kept, Container: "c"}, {Name: "b", Error: "no"}}
	if err := WriteResults(root, want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadResults(root); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
}
