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

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

const (
	consoleService = "console"
	networkService = "network"
	// executeLimit bounds what the console does with a configuration that came later.
	executeLimit = 5 * time.Minute
	maxTold      = 4 << 10
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
}

func newMachine(root, commandLine string) *machine {
	m := &machine{root: root, commandLine: commandLine}
	// PID 1 has told these warnings already.
	m.config, m.warnings, m.err = config.Load(root, commandLine)
	m.network = m.config.Rancher.Network
	m.askNetwork = cloudinit.NeedsNetwork(root, commandLine, m.config)
	return m
}

// services are those of the configuration, and with a data source that needs the network those of cloud-init; the
// variables are looked up for their environment.
func (m *machine) services() (map[string]config.Service, map[string]string) {
	services, variables := map[string]config.Service{}, map[string]string{}
	for _, pair := range m.config.Rancher.Network.ProxyEnvironment() {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	if m.askNetwork {
		maps.Copy(services, m.config.Rancher.CloudInitServices)
	}
	maps.Copy(services, m.config.Rancher.Services)
	maps.Copy(variables, m.config.Rancher.Environment)
	return services, variables
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
	if now := m.config.Rancher.Network; !reflect.DeepEqual(links(m.network), links(now)) {
		m.network = now
		if err := docker.ContainerRestart(ctx, networkService, container.StopOptions{}); err != nil {
			kmsg.Error("sysinit: giving the network its new configuration: %v", err)
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
