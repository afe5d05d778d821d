package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/service"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

var serviceCommands = command{
	names: []string{"service", "s"}, usage: "ros service COMMAND", summary: "look after the system's services",
	subcommands: []command{
		{names: []string{"list"}, usage: "ros service list", summary: "list the configured services", privileged: true, run: serviceList},
		{names: []string{"ps"}, usage: "ros service ps [SERVICE...]", summary: "show what became of the services", privileged: true, run: servicePs},
		{names: []string{"up"}, usage: "ros service up [SERVICE...]", summary: "create and start services as they are configured now", privileged: true, run: serviceUp},
		{names: []string{"start"}, usage: "ros service start SERVICE...", summary: "start services", privileged: true, run: each(start)},
		{names: []string{"stop", "down"}, usage: "ros service stop [-t SECONDS] SERVICE...", summary: "stop services", privileged: true, run: each(stop)},
		{names: []string{"restart"}, usage: "ros service restart [-t SECONDS] SERVICE...", summary: "restart services", privileged: true, run: each(restart)},
		{names: []string{"logs"}, usage: "ros service logs [-f] [--lines N] SERVICE", summary: "print what a service wrote", privileged: true, run: serviceLogs},
	},
}

func serviceList(s *session, args []string) error {
	if len(args) > 0 {
		return misused("unexpected argument: %s", args[0])
	}
	cfg, err := s.load()
	if err != nil {
		return err
	}
	names := make([]string, 0, len(cfg.Rancher.Services))
	for name := range cfg.Rancher.Services {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(s.stdout, name)
	}
	return nil
}

// servicePs joins what runs with what the last bring-up said.
func servicePs(s *session, args []string) error {
	docker, err := engine.Connect(filepath.Join(s.root, engine.SystemSocket))
	if err != nil {
		return err
	}
	defer docker.Close()
	have, err := ours(context.Background(), docker)
	if err != nil {
		return err
	}
	results, err := service.ReadResults(s.root)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	failed := map[string]string{}
	names := make([]string, 0, len(have))
	for _, result := range results {
		if result.Error != "" {
			failed[result.Name] = result.Error
			names = append(names, result.Name)
		}
	}
	for name := range have {
		names = append(names, name)
	}
	slices.Sort(names)
	table := tabwriter.NewWriter(s.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tSTATE\tIMAGE\tERROR")
	for _, name := range slices.Compact(names) {
		if len(args) == 0 || slices.Contains(args, name) {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, have[name].Status, have[name].Image, failed[name])
		}
	}
	return table.Flush()
}

// ours are the containers of services, by the service's name.
func ours(ctx context.Context, docker *client.Client) (map[string]container.Summary, error) {
	list, err := docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", service.NameLabel))})
	if err != nil {
		return nil, err
	}
	have := map[string]container.Summary{}
	for _, summary := range list {
		have[summary.Labels[service.NameLabel]] = summary
	}
	return have, nil
}

func serviceUp(s *session, args []string) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	docker, err := engine.Connect(filepath.Join(s.root, engine.SystemSocket))
	if err != nil {
		return err
	}
	defer docker.Close()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	project := service.Project{
		Docker: docker, Services: cfg.Rancher.Services, Only: args, Variables: cfg.Rancher.Environment, Boot: strings.TrimSpace(string(boot)),
		Log: func(format string, arguments ...any) { fmt.Fprintf(s.stderr, "ros: "+format+"\n", arguments...) },
	}
	results, err := project.Up(context.Background())
	if err != nil {
		return err
	}
	failed := slices.DeleteFunc(slices.Clone(results), func(result service.Result) bool { return result.Error == "" })
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d services failed", len(failed), len(results))
	}
	return nil
}

// action does something to one container.
type action func(ctx context.Context, docker *client.Client, id string, timeout *int) error

func start(ctx context.Context, docker *client.Client, id string, _ *int) error {
	return docker.ContainerStart(ctx, id, container.StartOptions{})
}

func stop(ctx context.Context, docker *client.Client, id string, timeout *int) error {
	return docker.ContainerStop(ctx, id, container.StopOptions{Timeout: timeout})
}

func restart(ctx context.Context, docker *client.Client, id string, timeout *int) error {
	return docker.ContainerRestart(ctx, id, container.StopOptions{Timeout: timeout})
}

// each makes a command that does something to all services that it is given.
func each(act action) func(s *session, args []string) error {
	return func(s *session, args []string) error {
		flags := flagSet()
		timeout := flags.Int("t", 10, "")
		flags.IntVar(timeout, "timeout", 10, "")
		if err := parseFlags(flags, args, -1); err != nil {
			return err
		}
		if flags.NArg() == 0 {
			return misused("want at least one service")
		}
		return s.withContainers(flags.Args(), func(ctx context.Context, docker *client.Client, id string) error {
			return act(ctx, docker, id, timeout)
		})
	}
}

// withContainers calls back for the container of each service; all are tried, the error joins what failed.
func (s *session) withContainers(names []string, call func(ctx context.Context, docker *client.Client, id string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	docker, err := engine.Connect(filepath.Join(s.root, engine.SystemSocket))
	if err != nil {
		return err
	}
	defer docker.Close()
	have, err := ours(ctx, docker)
	if err != nil {
		return err
	}
	var problems []error
	for _, name := range names {
		found, exists := have[name]
		if !exists {
			problems = append(problems, fmt.Errorf("no such service: %s", name))
		} else if err := call(ctx, docker, found.ID); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func serviceLogs(s *session, args []string) error {
	flags := flagSet()
	follow := flags.Bool("f", false, "")
	flags.BoolVar(follow, "follow", false, "")
	lines := flags.Int("lines", 100, "")
	if err := parseFlags(flags, args, 1); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return misused("want one service")
	}
	return s.withContainers(flags.Args(), func(ctx context.Context, docker *client.Client, id string) error {
		logs, err := docker.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: *follow, Tail: fmt.Sprint(*lines)})
		if err != nil {
			return err
		}
		defer logs.Close()
		_, err = stdcopy.StdCopy(s.stdout, s.stderr, logs)
		return err
	})
}
