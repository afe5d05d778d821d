package sysinit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/servicefile"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"golang.org/x/sys/unix"
)

const (
	consoleService = "console"
	// consoleProgram is the main program of our consoles.
	consoleProgram = "console-init"
	networkService = "network"
	// executeLimit bounds what the console does with a configuration that came later.
	executeLimit = 5 * time.Minute
	// fetchLimit bounds the fetching of included files.
	fetchLimit = 3 * time.Minute
	maxTold    = 4 << 10
)

// machine is the configuration that the services come from, and that a service may change.
type machine struct {
	root, commandLine string
	// askNetwork tells that the services of cloud-init are among those of this boot.
	askNetwork bool
	config     *config.Config
	warnings   []config.Warning
	err        error
	// network is what the service network has been started with.
	network  config.Network
	reloaded bool
	// hasImage tells whether system docker has an image.
	hasImage func(reference string) bool
	// missing are included files that only the network could give.
	missing []string
	told    map[string]bool
}

func newMachine(root, commandLine string) *machine {
	m := &machine{root: root, commandLine: commandLine, told: map[string]bool{}}
	// PID 1 has told these warnings already.
	m.config, m.warnings, m.err = config.Load(root, commandLine)
	m.network = m.config.Rancher.Network
	m.askNetwork = cloudinit.NeedsNetwork(root, commandLine, m.config)
	return m
}

// services are those of the configuration with the files that it includes, and with a data source that needs the network
// those of cloud-init; the variables are looked up for their environment.
func (m *machine) services() (map[string]config.Service, map[string]string) {
	services, variables := map[string]config.Service{}, m.variables()
	if m.askNetwork {
		maps.Copy(services, m.config.Rancher.CloudInitServices)
	}
	included := m.source(variables, false).Services(context.Background(), m.config)
	m.missing = included.Missing
	m.tell(included)
	maps.Copy(services, included.Services)
	if m.config.Rancher.NoSharedRoot {
		for name, service := range services {
			services[name] = unshared(service)
		}
	}
	return services, variables
}

// unshared is a service whose volumes do not share mounts: docker refuses to where the root does not (rancher.no_sharedroot).
func unshared(service config.Service) config.Service {
	volumes := make([]string, 0, len(service.Volumes))
	for _, volume := range service.Volumes {
		for _, option := range []string{"rshared", "shared", "rslave", "slave"} {
			volume = strings.ReplaceAll(strings.TrimSuffix(volume, ":"+option), ","+option, "")
		}
		volumes = append(volumes, volume)
	}
	service.Volumes = volumes
	return service
}

func (m *machine) variables() map[string]string {
	variables := map[string]string{}
	for _, pair := range m.config.Rancher.Network.ProxyEnvironment() {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	maps.Copy(variables, m.config.Rancher.Environment)
	return variables
}

func (m *machine) source(variables map[string]string, network bool) servicefile.Source {
	source := servicefile.New(m.root, m.config, network)
	source.Variables, source.HasImage = variables, m.hasImage
	return source
}

// fetch gets the included files that only the network has, within a time; it reports whether there is one now.
func (m *machine) fetch(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	included := m.source(m.variables(), true).Services(ctx, m.config)
	m.tell(included)
	return len(included.Services) > len(m.config.Rancher.Services)
}

// tell says what is wrong with included files, each thing once.
func (m *machine) tell(included servicefile.Included) {
	texts := []string{}
	for _, warning := range included.Warnings {
		texts = append(texts, warning.String())
	}
	for _, problem := range included.Problems {
		texts = append(texts, problem.Error())
	}
	for _, text := range texts {
		if !m.told[text] {
			m.told[text] = true
			kmsg.Error("%s", text)
		}
	}
}

// reload reads the configuration again; its new warnings are told.
func (m *machine) reload() (map[string]config.Service, map[string]string) {
	before := map[config.Warning]bool{}
	for _, warning := range m.warnings {
		before[warning] = true
	}
	cfg, warnings, err := config.Load(m.root, m.commandLine)
	for _, warning := range warnings {
		if !before[warning] {
			kmsg.Error("%v", warning)
		}
	}
	if err != nil {
		kmsg.Error("sysinit: %v", err)
	}
	m.reloaded = true
	m.config, m.warnings = cfg, warnings
	m.sysctl()
	return m.services()
}

func (m *machine) sysctl() {
	if err := cloudinit.Sysctl(m.root, m.config.Rancher.Sysctl); err != nil {
		kmsg.Error("%v", err)
	}
}

// applyReloaded makes the services that were started with an older configuration use the one that came since.
func (m *machine) applyReloaded(ctx context.Context, docker *client.Client) {
	if !m.reloaded {
		return
	}
	if err := execute(ctx, docker, consoleService, []string{"cloud-init", "-execute"}); err != nil {
		kmsg.Error("sysinit: giving the console its new configuration: %v", err)
	}
	if err := rereadConsole(ctx, docker); err != nil {
		kmsg.Error("sysinit: giving sshd its new configuration: %v", err)
	}
	if now := m.config.Rancher.Network; !reflect.DeepEqual(links(m.network), links(now)) {
		m.network = now
		if err := docker.ContainerRestart(ctx, networkService, container.StopOptions{}); err != nil {
			kmsg.Error("sysinit: giving the network its new configuration: %v", err)
		}
	}
	m.restartConfigured(ctx, docker)
}

// rereadConsole tells console-init that rancher.ssh may be another by now. A console of another make does not know the signal. It goes to the
// process and not through docker, which would no longer restart a container that it sent a signal to (moby, daemon/kill.go).
func rereadConsole(ctx context.Context, docker *client.Client) error {
	console, err := docker.ContainerInspect(ctx, consoleService)
	if err != nil || console.Path != consoleProgram || console.State.Pid == 0 {
		return err
	}
	return unix.Kill(console.State.Pid, unix.SIGHUP)
}

// restartConfigured restarts what rancher.restart_services names, after a configuration that came later.
func (m *machine) restartConfigured(ctx context.Context, docker *client.Client) {
	for _, name := range m.config.Rancher.RestartServices {
		if err := docker.ContainerRestart(ctx, name, container.StopOptions{}); err != nil {
			kmsg.Error("rancher.restart_services: %s: %v", name, err)
		}
	}
}

// links is the part of a network's configuration that netconf applies.
func links(network config.Network) config.Network {
	network.HTTPProxy, network.HTTPSProxy, network.NoProxy = "", "", ""
	return network
}

// execute runs a program in a container; what it wrote is in the error when its exit code is not 0.
func execute(ctx context.Context, docker *client.Client, name string, command []string) error {
	ctx, cancel := context.WithTimeout(ctx, executeLimit)
	defer cancel()
	created, err := docker.ContainerExecCreate(ctx, name, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return err
	}
	attached, err := docker.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return err
	}
	defer attached.Close()
	// The connection does not end with the context by itself.
	defer context.AfterFunc(ctx, attached.Close)()
	var output tail
	if _, err := stdcopy.StdCopy(&output, &output, attached.Reader); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	ended, err := docker.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return err
	}
	if ended.ExitCode != 0 {
		return fmt.Errorf("%s: exit code %d: %s", strings.Join(command, " "), ended.ExitCode, bytes.TrimSpace(output))
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(text []byte) (int, error) {
	*t = append(*t, text...)
	*t = (*t)[max(0, len(*t)-maxTold):]
	return len(text), nil
}
