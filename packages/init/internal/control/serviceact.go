package control

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/service"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"
)

func sorted[V any](all map[string]V) []string { return slices.Sorted(maps.Keys(all)) }

// servicePs joins what runs with what the last bring-up said.
func servicePs(s *session, flags *flag.FlagSet) func([]string) error {
	quiet := yes(flags, "only the ids of containers", "q")
	return func(wanted []string) error {
		return s.withContainers(nil, func(_ context.Context, have map[string]placed) error {
			results, err := service.ReadResults(s.root)
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			failed := map[string]string{}
			names := sorted(have)
			for _, result := range results {
				if result.Error != "" {
					failed[result.Name] = result.Error
					names = append(names, result.Name)
				}
			}
			slices.Sort(names)
			names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return len(wanted) > 0 && !slices.Contains(wanted, name) })
			if *quiet {
				for _, name := range names {
					if id := have[name].ID; id != "" {
						fmt.Fprintln(s.stdout, id)
					}
				}
				return nil
			}
			table := tabwriter.NewWriter(s.stdout, 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "NAME\tSTATE\tIMAGE\tERROR")
			for _, name := range names {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, have[name].Status, have[name].Image, failed[name])
			}
			return table.Flush()
		})
	}
}

// action does something to one container.
type action func(ctx context.Context, at placed, seconds *int) error

func stop(ctx context.Context, at placed, seconds *int) error {
	return at.docker.ContainerStop(ctx, at.ID, container.StopOptions{Timeout: seconds})
}

func restart(ctx context.Context, at placed, seconds *int) error {
	return at.docker.ContainerRestart(ctx, at.ID, container.StopOptions{Timeout: seconds})
}

func start(ctx context.Context, at placed, _ *int) error {
	return at.docker.ContainerStart(ctx, at.ID, container.StartOptions{})
}

// timed makes a command that does something to all services that it is given, with a time-out.
func timed(act action) func(*session, *flag.FlagSet) func([]string) error {
	return func(s *session, flags *flag.FlagSet) func([]string) error {
		seconds := count(flags, 10, timeoutUsage, "t", "timeout")
		return func(names []string) error {
			return s.onEach(names, func(ctx context.Context, at placed) error { return act(ctx, at, seconds) })
		}
	}
}

func serviceStart(s *session, flags *flag.FlagSet) func([]string) error {
	yes(flags, "stay in the background, as it always does", "d")
	return func(names []string) error {
		return s.onEach(names, func(ctx context.Context, at placed) error { return start(ctx, at, nil) })
	}
}

func serviceKill(s *session, flags *flag.FlagSet) func([]string) error {
	signal := text(flags, "SIGKILL", "`signal` to send", "s", "signal")
	return func(names []string) error {
		return s.onEach(names, func(ctx context.Context, at placed) error { return at.docker.ContainerKill(ctx, at.ID, *signal) })
	}
}

func serviceRemove(s *session, flags *flag.FlagSet) func([]string) error {
	force := yes(flags, "remove containers that run too", "f", "force")
	volumes := yes(flags, "remove their volumes too", "v")
	return func(names []string) error {
		return s.onEach(names, func(ctx context.Context, at placed) error {
			if at.State == container.StateRunning && !*force {
				return errors.New("runs; stop it first, or remove it with -f")
			}
			return at.docker.ContainerRemove(ctx, at.ID, container.RemoveOptions{Force: *force, RemoveVolumes: *volumes})
		})
	}
}

// chosen are the definitions of the named services, or of all.
func (s *session) chosen(cfg *config.Config, names []string) (map[string]config.Service, error) {
	all, err := s.definitions(cfg, true)
	if err != nil || len(names) == 0 {
		return all, err
	}
	some := map[string]config.Service{}
	for _, name := range names {
		definition, exists := all[name]
		if !exists {
			return nil, s.noSuchService(name)
		}
		some[name] = definition
	}
	return some, nil
}

// forImages makes a command about the images of the named services, or of all.
func forImages(call func(ctx context.Context, s *session, cfg *config.Config, docker *client.Client, name string, definition config.Service) error) func(*session, []string) error {
	return func(s *session, names []string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		services, err := s.chosen(cfg, names)
		if err != nil {
			return err
		}
		return s.withSystem(func(ctx context.Context, system *client.Client) error {
			return s.onImages(ctx, system, services, func(docker *client.Client, name string, definition config.Service) error {
				return call(ctx, s, cfg, docker, name, definition)
			})
		})
	}
}

var servicePull = forImages(func(ctx context.Context, s *session, cfg *config.Config, docker *client.Client, _ string, definition config.Service) error {
	return s.pull(ctx, docker, definition.Image, cfg)
})

var serviceBuild = forImages(func(ctx context.Context, s *session, _ *config.Config, docker *client.Client, name string, definition config.Service) error {
	if definition.Build == "" {
		return nil
	}
	return service.Build(ctx, docker, name, definition, func(text string) { fmt.Fprint(s.stderr, text) })
})

func serviceLogs(s *session, flags *flag.FlagSet) func([]string) error {
	follow := yes(flags, "go on with what comes", "f", "follow")
	lines := count(flags, 100, "`number` of lines from the end", "lines")
	return func(names []string) error {
		return s.onEach(names, func(ctx context.Context, at placed) error {
			logs, err := at.docker.ContainerLogs(ctx, at.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: *follow, Tail: strconv.Itoa(*lines)})
			if err != nil {
				return err
			}
			defer logs.Close()
			_, err = stdcopy.StdCopy(s.stdout, s.stderr, logs)
			return err
		})
	}
}

func servicePort(s *session, flags *flag.FlagSet) func([]string) error {
	protocol := text(flags, "tcp", "`protocol` of the port, tcp or udp", "protocol")
	index := count(flags, 1, "`number` of the container; a service has one", "index")
	return func(args []string) error {
		if *index != 1 {
			return fmt.Errorf("service %s has one container, and none with the number %d", args[0], *index)
		}
		return s.onEach(args[:1], func(ctx context.Context, at placed) error {
			found, err := at.docker.ContainerInspect(ctx, at.ID)
			if err != nil {
				return err
			}
			bindings := found.NetworkSettings.Ports[nat.Port(args[1]+"/"+*protocol)]
			if len(bindings) == 0 {
				return fmt.Errorf("port %s/%s is not published", args[1], *protocol)
			}
			for _, binding := range bindings {
				fmt.Fprintf(s.stdout, "%s:%s\n", binding.HostIP, binding.HostPort)
			}
			return nil
		})
	}
}

// serviceScale has two numbers to choose from: a container has its service's name, so there is one or none.
func serviceScale(s *session, flags *flag.FlagSet) func([]string) error {
	seconds := count(flags, 10, timeoutUsage, "t", "timeout")
	return func(args []string) error {
		acts := map[string]action{}
		var names []string
		for _, arg := range args {
			name, number, _ := strings.Cut(arg, "=")
			switch number {
			case "0":
				acts[name] = stop
			case "1":
				acts[name] = start
			default:
				return misused("%q: want SERVICE=0 or SERVICE=1, a container has its service's name", arg)
			}
			names = append(names, name)
		}
		return s.onEach(names, func(ctx context.Context, at placed) error {
			return acts[at.Labels[service.NameLabel]](ctx, at, seconds)
		})
	}
}
