package control

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/service"
	"rancheros-kit/init/internal/servicefile"

	"github.com/docker/docker/client"
)

// Options that the commands of several groups have.
const (
	timeoutUsage = "`seconds` that a container may take to end before it is killed"
	someServices = "at least one service"
)

var serviceCommands = command{
	names: []string{"service", "s"}, usage: "ros service [-f FILE] COMMAND", summary: "look after the system's services", setup: serviceGroup,
	subcommands: []command{
		{names: []string{"list"}, usage: "ros service list [-a] [-u]", summary: "list the services that can be enabled", privileged: true, setup: serviceList},
		{names: []string{"enable"}, usage: "ros service enable SERVICE...", summary: "include services from a file, an address or a repository, from the next boot on", privileged: true,
			least: 1, most: -1, want: someServices, setup: plain(serviceEnable)},
		{names: []string{"disable"}, usage: "ros service disable SERVICE...", summary: "include services no more", privileged: true,
			least: 1, most: -1, want: someServices, setup: plain(serviceDisable), words: includedNames},
		{names: []string{"delete"}, usage: "ros service delete SERVICE...", summary: "forget that services were included", privileged: true,
			least: 1, most: -1, want: someServices, setup: plain(serviceDelete), words: includedNames},
		{names: []string{"ps"}, usage: "ros service ps [-q] [SERVICE...]", summary: "show what became of the services", privileged: true, most: -1, setup: servicePs, words: serviceNames},
		{names: []string{"build"}, usage: "ros service build [SERVICE...]", summary: "build the images of services that have a Dockerfile", privileged: true, most: -1, setup: plain(serviceBuild), words: serviceNames},
		{names: []string{"create"}, usage: "ros service create [SERVICE...]", summary: "create the containers of services", privileged: true, most: -1, setup: serviceUp(true), words: serviceNames},
		{names: []string{"up"}, usage: "ros service up [-d] [SERVICE...]", summary: "create and start services as they are configured now", privileged: true, most: -1, setup: serviceUp(false), words: serviceNames},
		{names: []string{"start"}, usage: "ros service start SERVICE...", summary: "start services", privileged: true, least: 1, most: -1, want: someServices, setup: serviceStart, words: serviceNames},
		{names: []string{"stop", "down"}, usage: "ros service stop [-t SECONDS] SERVICE...", summary: "stop services", privileged: true, least: 1, most: -1, want: someServices, setup: timed(stop), words: serviceNames},
		{names: []string{"restart"}, usage: "ros service restart [-t SECONDS] SERVICE...", summary: "restart services", privileged: true, least: 1, most: -1, want: someServices, setup: timed(restart), words: serviceNames},
		{names: []string{"kill"}, usage: "ros service kill [-s SIGNAL] SERVICE...", summary: "send a signal to services", privileged: true, least: 1, most: -1, want: someServices, setup: serviceKill, words: serviceNames},
		{names: []string{"rm"}, usage: "ros service rm [-f] [-v] SERVICE...", summary: "remove the containers of services that do not run", privileged: true, least: 1, most: -1, want: someServices, setup: serviceRemove, words: serviceNames},
		{names: []string{"pull"}, usage: "ros service pull [SERVICE...]", summary: "pull the images of services", privileged: true, most: -1, setup: plain(servicePull), words: serviceNames},
		{names: []string{"logs"}, usage: "ros service logs [-f] [--lines N] SERVICE...", summary: "print what services wrote", privileged: true, least: 1, most: -1, want: someServices, setup: serviceLogs, words: serviceNames},
		{names: []string{"port"}, usage: "ros service port [--protocol P] SERVICE PORT", summary: "print where a port of a service is reached", privileged: true, least: 2, most: 2, want: "a service and a port", setup: servicePort, words: serviceNames},
		{names: []string{"scale"}, usage: "ros service scale [-t SECONDS] SERVICE=0|1...", summary: "start or stop services by how many containers they are to have", privileged: true, least: 1, most: -1, want: "SERVICE=NUMBER", setup: serviceScale, words: serviceNames},
	},
}

// serviceOptions are those of the whole group.
type serviceOptions struct {
	files   *list
	verbose *bool
}

// serviceGroup reads the options of the group. Those of compose that nothing here could use are taken.
func serviceGroup(s *session, flags *flag.FlagSet) func([]string) error {
	s.services.files = several(flags, "`file` with services instead of the configuration's; can be given several times", "f", "file")
	s.services.verbose = yes(flags, "say what is done with each service", "verbose", "debug")
	text(flags, "", "`name` of the project; has no effect, a container has its service's name", "p", "project-name")
	yes(flags, "has no effect: the daemons are on this machine", "tls", "tlsverify")
	text(flags, "", "`file`; has no effect: the daemons are on this machine", "tlscacert", "tlscert", "tlskey")
	text(flags, "", "`directory`; has no effect", "configdir")
	return nil
}

// definitions are the services that the commands are about: those of the configuration with all that it includes, or those of
// the files that the command line names.
func (s *session) definitions(cfg *config.Config, network bool) (map[string]config.Service, error) {
	source := servicefile.New(s.root, cfg, network)
	source.Fetcher.Tries = 2
	source.Variables = variables(cfg)
	if files := s.services.files; files != nil && len(*files) > 0 {
		all := map[string]config.Service{}
		for _, file := range *files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			services, warnings, err := config.ComposeServices(file, content, func(name string) string { return source.Variables[name] })
			s.warn(warnings)
			if err != nil {
				return nil, err
			}
			maps.Copy(all, services)
		}
		return all, nil
	}
	included := source.Services(context.Background(), cfg)
	s.warn(included.Warnings)
	for _, problem := range included.Problems {
		s.say("warning: %v", problem)
	}
	for _, name := range included.Missing {
		s.say("warning: services of %s left out: not on this machine yet", name)
	}
	if cloudinit.NeedsNetwork(s.root, s.commandLine, cfg) {
		maps.Copy(included.Services, cfg.Rancher.CloudInitServices)
	}
	return included.Services, nil
}

func variables(cfg *config.Config) map[string]string {
	all := map[string]string{}
	for _, pair := range cfg.Rancher.Network.ProxyEnvironment() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	maps.Copy(all, cfg.Rancher.Environment)
	return all
}

// quietly is a copy of the session that tells nothing, for completion.
func (s *session) quietly() *session {
	quiet := *s
	quiet.stderr = io.Discard
	return &quiet
}

func serviceNames(s *session) []string {
	quiet := s.quietly()
	cfg, err := quiet.load()
	if err != nil {
		return nil
	}
	services, err := quiet.definitions(cfg, false)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(services))
}

func includedNames(s *session) []string {
	cfg, err := s.quietly().load()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(cfg.Rancher.ServicesInclude))
}

// serviceUp makes services as they are configured; with createOnly it starts none.
func serviceUp(createOnly bool) func(*session, *flag.FlagSet) func([]string) error {
	return func(s *session, flags *flag.FlagSet) func([]string) error {
		yes(flags, "stay in the background, as it always does; see ros service logs -f", "d")
		keep := yes(flags, "keep containers that are not as they are configured", "no-recreate")
		recreate := yes(flags, "make containers anew that are as they are configured too", "force-recreate")
		return func(names []string) error {
			if *keep && *recreate {
				return misused("--no-recreate and --force-recreate exclude each other")
			}
			cfg, err := s.load()
			if err != nil {
				return err
			}
			services, err := s.definitions(cfg, true)
			if err != nil {
				return err
			}
			return s.withSystem(func(ctx context.Context, docker *client.Client) error {
				boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
				if err != nil {
					return err
				}
				if len(names) == 0 && s.services.files != nil && len(*s.services.files) > 0 {
					// Services of other files must not be taken for those that are gone.
					names = slices.Sorted(maps.Keys(services))
				}
				project := service.Project{
					Docker: docker, User: s.connectUser, Services: services, Only: names, Variables: variables(cfg), Boot: strings.TrimSpace(string(boot)),
					Auths: cfg.Rancher.RegistryAuths, Log: s.say, CreateOnly: createOnly, KeepOld: *keep, Recreate: *recreate,
					Files: func(name string) (io.Reader, error) { return cloudinit.Archive(s.root, name, cfg.WriteFiles) },
				}
				results, err := project.Up(ctx)
				if err != nil {
					return err
				}
				return s.summary(results)
			})
		}
	}
}

func (s *session) summary(results []service.Result) error {
	failed := 0
	for _, result := range results {
		if result.Error != "" {
			failed++
		} else if s.services.verbose != nil && *s.services.verbose {
			s.say("%s: %s", result.Name, result.Action)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d services failed", failed, len(results))
	}
	return nil
}
