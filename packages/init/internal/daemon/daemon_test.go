package daemon

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/reap"
)

var reaper = reap.New()

func shell(script string) func() (reap.Command, error) {
	return func() (reap.Command, error) {
		return reap.Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}}, nil
	}
}

func TestBackoff(t *testing.T) {
	var pauses []time.Duration
	b := Backoff{}
	for _, ran := range []time.Duration{0, 0, time.Second, time.Minute, 0} {
		pauses = append(pauses, b.Next(ran))
	}
	const ms = time.Millisecond
	if want := []time.Duration{250 * ms, 500 * ms, 1000 * ms, 250 * ms, 500 * ms}; !slices.Equal(pauses, want) {
		t.Errorf("got %v, want %v", pauses, want)
	}
	for range 20 {
		b.Next(0)
	}
	if got := b.Next(0); got != longestPause {
		t.Errorf("after many: %v", got)
	}
}

func TestRunStartsAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var starts atomic.Int32
	d := Daemon{Name: "test", Reaper: reaper, StopTimeout: time.Minute,
		Command: func() (reap.Command, error) {
			switch starts.Add(1) {
			case 1:
				return shell("exit 1")()
			case 2:
				return reap.Command{}, errors.New("not now")
			}
			return shell("exec sleep 1000")()
		},
		Ready: func(_ context.Context, start int) {
			if start == 3 {
				cancel()
			}
		},
	}
	d.Run(ctx)
	if starts.Load() != 3 {
		t.Errorf("%d starts", starts.Load())
	}
}

func TestRunAgainWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	again := make(chan error)
	starts := 0
	d := Daemon{Name: "test", Reaper: reaper, Again: again, StopTimeout: time.Minute, Command: shell("exec sleep 1000"),
		Ready: func(_ context.Context, start int) {
			starts = start
			if start == 2 {
				cancel()
				return
			}
			again <- errors.New("a reason")
		},
	}
	d.Run(ctx)
	if starts != 2 {
		t.Errorf("%d starts", starts)
	}
}

func TestRunUntilSuccess(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	d := Daemon{Name: "test", Reaper: reaper, UntilSuccess: true, Command: shell("test -e " + mark + " || { touch " + mark + "; exit 1; }")}
	d.Run(context.Background())
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

func TestRunKillsWhatDoesNotStop(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	mark := filepath.Join(t.TempDir(), "mark")
	d := Daemon{Name: "test", Reaper: reaper, StopTimeout: 50 * time.Millisecond,
		Command: shell("trap '' TERM; touch " + mark + "; while :; do sleep 0.1; done"),
		Ready: func(context.Context, int) {
			for {
				if _, err := os.Stat(mark); err == nil {
					cancel()
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		},
	}
	d.Run(ctx) // returns
}

func TestAnswering(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_ping" || asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	go server.Serve(listener)
	defer server.Close()
	if err := Answering(context.Background(), socket); err != nil || asked.Load() != 3 {
		t.Errorf("got %v after %d", err, asked.Load())
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Answering(ended, socket+"none"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestArguments(t *testing.T) {
	on := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if slices.Contains(names, name) {
				return "/usr/bin/" + name, nil
			}
			return "", errors.New("none")
		}
	}
	modern, old := on("dockerd", "docker"), on("docker")
	for _, c := range []struct {
		args, extra string
		debug       bool
		look        func(string) (string, error)
		want        string
	}{
		{"dockerd --a", "--b", false, modern, "dockerd --a --b"},
		{"dockerd --a", "", true, modern, "dockerd --a --debug"},
		{"dockerd --a", "", false, old, "docker daemon --a"},
		{"daemon --a", "", false, old, "docker daemon --a"},
		{"daemon --a", "", false, modern, "dockerd --a"},
		{"docker daemon --a", "", false, modern, "dockerd --a"},
		{"docker -d --a", "", false, old, "docker daemon --a"},
		{"--a", "", false, modern, "dockerd --a"},
		{"/opt/dockerd --a", "", false, old, "/opt/dockerd --a"},
		{"system-dockerd --a", "", false, modern, "system-dockerd --a"},
		{"docker", "", false, modern, "docker"},
	} {
		docker := config.Docker{Args: strings.Fields(c.args), ExtraArgs: strings.Fields(c.extra)}
		if got, err := arguments(docker, c.debug, c.look); err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: got %v, %v, want %s", c.args, c.extra, got, err, c.want)
		}
	}
	if _, err := arguments(config.Docker{}, true, modern); err == nil || !strings.Contains(err.Error(), "rancher.system_docker.args") {
		t.Errorf("got %v", err)
	}
}
