package service

import (
	"context"
	"slices"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestReload(t *testing.T) {
	w := newWorld(t)
	with := func(value string) func(*config.Service) {
		return func(s *config.Service) { s.Environment = []string{"A=" + value, "KEY"} }
	}
	cloud := system(func(s *config.Service) { s.Command = []string{"0"} }, DetachLabel, "false", ReloadLabel, "true", AfterLabel, "early", BeforeLabel, "late,turned")
	reloads := 0
	project := Project{
		Docker: w.docker, Boot: w.boot, Variables: map[string]string{"KEY": "old"},
		Log: w.note,
		Services: map[string]config.Service{
			"cloud": cloud, "early": system(with("old")), "late": system(with("old")), "gone": system(with("old"), AfterLabel, "cloud"),
			// Waits for late now, and late for it after the reload.
			"turned": system(nil, AfterLabel, "late"),
		},
		Reload: func() (map[string]config.Service, map[string]string) {
			reloads++
			return map[string]config.Service{
				"cloud": cloud, "early": system(with("new")), "late": system(with("new"), AfterLabel, "turned,added"),
				"turned": system(nil), "added": system(with("new"), AfterLabel, "cloud"),
			}, map[string]string{"KEY": "new"}
		},
	}
	list, err := project.Up(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, result := range list {
		names = append(names, result.Name)
		if result.Action != Created || result.Error != "" {
			t.Errorf("%+v", result)
		}
	}
	if want := []string{"added", "cloud", "early", "late", "turned"}; !slices.Equal(names, want) || reloads != 1 {
		t.Errorf("results of %v after %d reloads, want %v after one", names, reloads, want)
	}
	for name, want := range map[string]string{"early": "A=old KEY=old", "late": "A=new KEY=new", "added": "A=new KEY=new"} {
		if env := strings.Join(w.inspect(name).Config.Env, " "); !strings.Contains(env, want) {
			t.Errorf("%s has the environment %q, want %q in it", name, env, want)
		}
	}
	if log := strings.Join(w.log, "\n"); !strings.Contains(log, "service early: was started before its configuration changed") || strings.Contains(log, "service late: was") {
		t.Errorf("log:\n%s", log)
	}
}

// A service that fails may have changed the configuration too.
func TestReloadAfterFailure(t *testing.T) {
	w := newWorld(t)
	project := Project{
		Docker: w.docker, Boot: w.boot, Log: w.note,
		Services: map[string]config.Service{"cloud": system(func(s *config.Service) { s.Command = []string{"1"} }, DetachLabel, "false", ReloadLabel, "true")},
		Reload: func() (map[string]config.Service, map[string]string) {
			return map[string]config.Service{"added": system(nil)}, nil
		},
	}
	if _, err := project.Up(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !w.inspect("added").State.Running {
		t.Error("added does not run")
	}
}
