package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/enginetest"
	"rancheros-kit/init/internal/images"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

const testImage = "rancher/os-test:v1"

// world is a daemon with the test image, and what Up said.
type world struct {
	*testing.T
	docker *client.Client
	boot   string
	lock   sync.Mutex
	log    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	docker := enginetest.Start(t)
	root := t.TempDir()
	enginetest.Tarball(t, filepath.Join(root, "usr/share/ros/images.tar"), testImage)
	if _, err := images.LoadAll(context.Background(), docker, root); err != nil {
		t.Fatal(err)
	}
	return &world{T: t, docker: docker, boot: "boot-1"}
}

func (w *world) up(services map[string]config.Service) map[string]Result {
	w.Helper()
	w.log = nil
	project := Project{Docker: w.docker, Services: services, Variables: map[string]string{"KEY": "value"}, Boot: w.boot,
		Log: w.note}
	results, err := project.Up(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	byName := map[string]Result{}
	for _, result := range results {
		byName[result.Name] = result
	}
	return byName
}

func (w *world) note(format string, arguments ...any) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, arguments...))
}

func (w *world) inspect(name string) container.InspectResponse {
	w.Helper()
	found, err := w.docker.ContainerInspect(context.Background(), name)
	if err != nil {
		w.Fatal(err)
	}
	return found
}

// system makes a service of the system's scope; labels are pairs.
func system(change func(*config.Service), labels ...string) config.Service {
	service := config.Service{Image: testImage, Net: "none", Labels: map[string]string{ScopeLabel: "system"}}
	for at := 0; at < len(labels); at += 2 {
		service.Labels[labels[at]] = labels[at+1]
	}
	if change != nil {
		change(&service)
	}
	return service
}

func TestUp(t *testing.T) {
	w := newWorld(t)
	shared := filepath.Join(t.TempDir(), "shared")
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	services := map[string]config.Service{
		"volumes": system(func(s *config.Service) { s.Volumes = []string{shared + ":/shared:ro"}; s.ReadOnly = true }, CreateOnlyLabel, "true"),
		"all":     system(func(s *config.Service) { s.VolumesFrom = []string{"volumes"} }, CreateOnlyLabel, "true"),
		"first":   system(func(s *config.Service) { s.Command = []string{"0"} }, DetachLabel, "false", BeforeLabel, "main"),
		"main": system(func(s *config.Service) {
			s.VolumesFrom = []string{"all"}
			s.Environment = []string{"KEY", "OWN=1"}
			s.Restart, s.Pid = "always", "host"
		}, AfterLabel, "first, absent"),
		"plain":     system(func(s *config.Service) { s.Net = "" }),
		"imageless": system(func(s *config.Service) { s.Image = "127.0.0.1:1/os-absent:v1" }),
		"needy":     system(func(s *config.Service) { s.VolumesFrom = []string{"imageless"} }),
		"late":      system(nil, AfterLabel, "imageless"),
		"user":      {Image: testImage},
		"foreign":   {Image: testImage, VolumesFrom: []string{"all"}},
	}
	results := w.up(services)
	t.Run("results", func(t *testing.T) {
		want := map[string]string{"volumes": Created, "all": Created, "first": Created, "main": Created, "plain": Created, "late": Created}
		for name, result := range results {
			if result.Action != want[name] {
				t.Errorf("%s: action %q, want %q (error %q)", name, result.Action, want[name], result.Error)
			}
		}
		if got := results["user"].Error; got != "there is no docker for the user's services" {
			t.Errorf("user: %q", got)
		}
		if got := results["foreign"].Error; got != "needs all, which is in the other docker" {
			t.Errorf("foreign: %q", got)
		}
		if got := results["imageless"].Error; !strings.HasPrefix(got, `image "127.0.0.1:1/os-absent:v1" is not on this machine, and pulling it failed: `) {
			t.Errorf("imageless: %q", got)
		}
		if got := results["needy"].Error; got != "needs imageless, which failed" {
			t.Errorf("needy: %q", got)
		}
		if results["main"].Start.Before(results["first"].End) {
			t.Error("main did not wait for the end of first")
		}
	})
	t.Run("containers", func(t *testing.T) {
		main := w.inspect("main")
		if !main.State.Running || main.HostConfig.CgroupnsMode != "host" || main.HostConfig.RestartPolicy.Name != "unless-stopped" {
			t.Errorf("main: running %v, cgroup namespace %q, restart %q", main.State.Running, main.HostConfig.CgroupnsMode, main.HostConfig.RestartPolicy.Name)
		}
		if env := strings.Join(main.Config.Env, " "); !strings.Contains(env, "KEY=value") || !strings.Contains(env, "OWN=1") {
			t.Errorf("main's environment: %s", env)
		}
		if len(main.Mounts) != 1 || main.Mounts[0].Destination != "/shared" || main.Mounts[0].RW {
			t.Errorf("main's volumes, through two services: %+v", main.Mounts)
		}
		if state := w.inspect("volumes").State.Status; state != "created" {
			t.Errorf("volumes is %s, want only created", state)
		}
		if !w.inspect("plain").State.Running {
			t.Error("plain, without a net, does not run")
		}
	})
	t.Run("log", func(t *testing.T) {
		log := strings.Join(w.log, "\n")
		for _, line := range []string{"service imageless: image", "service needy: needs imageless"} {
			if !strings.Contains(log, line) {
				t.Errorf("no line %q in:\n%s", line, log)
			}
		}
	})
	t.Run("again", func(t *testing.T) {
		before := w.inspect("main").ID
		again := w.up(services)
		if again["main"].Action != Kept || again["first"].Action != Started || w.inspect("main").ID != before {
			t.Errorf("main %+v, first %+v", again["main"], again["first"])
		}
	})
	t.Run("what changed is replaced, with those who take from it", func(t *testing.T) {
		services["volumes"] = system(func(s *config.Service) { s.Volumes = []string{shared + ":/elsewhere"} }, CreateOnlyLabel, "true")
		delete(services, "plain")
		again := w.up(services)
		for name, want := range map[string]string{"volumes": Created, "all": Created, "main": Created, "late": Kept} {
			if again[name].Action != want {
				t.Errorf("%s: action %q, want %q", name, again[name].Action, want)
			}
		}
		if mounts := w.inspect("main").Mounts; len(mounts) != 1 || mounts[0].Destination != "/elsewhere" {
			t.Errorf("main's volumes: %+v", mounts)
		}
		if _, err := w.docker.ContainerInspect(context.Background(), "plain"); err == nil {
			t.Error("plain is still there")
		}
	})
}

func TestRebuild(t *testing.T) {
	w := newWorld(t)
	services := func(key string) map[string]config.Service {
		environment := func(s *config.Service) { s.Environment = []string{"A=" + key} }
		return map[string]config.Service{
			"always": system(environment, RebuildLabel, "always"),
			"never":  system(environment, RebuildLabel, "false"),
			"hash":   system(environment),
			"guest":  system(func(s *config.Service) { s.Net = "container:always" }),
		}
	}
	steps := []struct {
		name, boot, key string
		want            map[string]string
	}{
		{"first", "boot-1", "1", map[string]string{"always": Created, "never": Created, "hash": Created, "guest": Created}},
		{"same boot", "boot-1", "1", map[string]string{"always": Kept, "never": Kept, "hash": Kept, "guest": Kept}},
		{"next boot", "boot-2", "1", map[string]string{"always": Created, "never": Kept, "hash": Kept, "guest": Created}},
		{"changed", "boot-2", "2", map[string]string{"always": Created, "never": Kept, "hash": Created, "guest": Created}},
	}
	for _, step := range steps {
		w.boot = step.boot
		results := w.up(services(step.key))
		for name, want := range step.want {
			if results[name].Action != want {
				t.Errorf("%s, %s: action %q, want %q (error %q)", step.name, name, results[name].Action, want, results[name].Error)
			}
		}
	}
}

func TestOthersStayAlone(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	mine := &container.Config{Image: testImage}
	if _, err := w.docker.ContainerCreate(ctx, mine, &container.HostConfig{}, nil, nil, "mine"); err != nil {
		t.Fatal(err)
	}
	fails := system(func(s *config.Service) { s.Command, s.Environment = []string{"3"}, []string{"LAST=words"} }, DetachLabel, "false")
	results := w.up(map[string]config.Service{"mine": system(nil), "fails": fails})
	if got := results["mine"].Error; got != "a container that is not a service has this name" {
		t.Errorf("mine: %q", got)
	}
	// The program of the image prints its environment.
	if got := results["fails"].Error; !strings.HasPrefix(got, "exited with code 3: ") || !strings.Contains(got, "LAST=words") || strings.Contains(got, "\n") {
		t.Errorf("fails: %q", got)
	}
	if w.up(nil); w.inspect("mine").ID == "" {
		t.Error("a container that is not ours was removed")
	}
}
