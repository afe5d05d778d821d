// Package sysinit brings the system up once system docker runs: images, services, and the line that says so.
package sysinit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/bootvolume"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/images"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/netconf"
	"rancheros-kit/init/internal/service"
	"rancheros-kit/init/internal/version"

	"github.com/docker/docker/client"
	"golang.org/x/sys/unix"
)

// dockerLimit is how long system docker may take until it answers.
const dockerLimit = 5 * time.Minute

// networkLimit is how long images and service files that must be fetched wait for the network.
const networkLimit = 90 * time.Second

// Main is the program `ros sysinit`. Services that fail are told and do not count; exit code 1 means that system docker
// could not be reached or asked, so that it is worth another try.
func Main([]string) int {
	if err := run(context.Background()); err != nil {
		kmsg.Error("sysinit: %v", err)
		return 1
	}
	return 0
}

func run(ctx context.Context) error {
	line, err := cmdline.Read("/")
	if err != nil {
		return fmt.Errorf("reading the kernel command line: %w", err)
	}
	machine := newMachine("/", line)
	if machine.err != nil {
		kmsg.Error("sysinit: %v", machine.err)
	}
	machine.sysctl()
	waiting, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	docker, err := engine.Wait(waiting, engine.SystemSocket)
	if err != nil {
		return err
	}
	defer docker.Close()
	loaded, err := images.LoadAll(ctx, docker, "/")
	if err != nil {
		kmsg.Error("sysinit: %v", err)
	}
	if len(loaded) > 0 {
		kmsg.Info("images loaded from %s", strings.Join(loaded, ", "))
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("reading the id of this boot: %w", err)
	}
	preload(ctx, docker, images.PreloadSystem)
	machine.hasImage = func(reference string) bool {
		_, err := docker.ImageInspect(ctx, reference)
		return err == nil
	}
	services, variables := machine.services()
	project := service.Project{
		Docker: docker, User: machine.userDocker, Services: services, Variables: variables,
		Auths: machine.config.Rancher.RegistryAuths, Files: machine.files, AwaitNetwork: awaitNetwork,
		Boot: strings.TrimSpace(string(boot)), Log: kmsg.Error, Record: record, Reload: machine.reload,
	}
	if machine.config.Rancher.ForceConsoleRebuild {
		project.ForceRebuild = consoleService
	}
	if len(machine.missing) > 0 {
		project.Later = machine.fetch
	}
	if _, err := project.Up(ctx); err != nil {
		return err
	}
	machine.applyReloaded(ctx, docker)
	unix.Sync()
	announce()
	confirm(line)
	machine.preloadUser(ctx)
	return nil
}

// confirm makes the system that has come up the one that starts by itself, if it was only tried.
func confirm(commandLine string) {
	message, err := bootvolume.Confirm(blockdev.Host, commandLine, bootvolume.UEFI())
	if err != nil {
		kmsg.Error("sysinit: looking after the boot volume: %v", err)
	}
	if message != "" {
		kmsg.Error("%s", message)
	}
}

// awaitNetwork does not wait for a network that never comes.
func awaitNetwork(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, networkLimit)
	defer cancel()
	netconf.Await(ctx, "/")
}

// preload loads the images that somebody has put into the folders for that.
func preload(ctx context.Context, docker *client.Client, folders []string) {
	loaded, err := images.Preload(ctx, docker, "/", folders)
	if err != nil {
		kmsg.Error("%v", err)
	}
	if len(loaded) > 0 {
		kmsg.Info("images loaded from %s", strings.Join(loaded, ", "))
	}
}

func record(results []service.Result) {
	if err := service.WriteResults("/", results); err != nil {
		kmsg.Error("sysinit: %v", err)
	}
}

// announce prints the line that tells people and tests that the machine is up: on standard output, and on the kernel's
// console if that is something else, whatever the log level is.
func announce() {
	line := fmt.Sprintf("RancherOS %s started\r\n", version.Version)
	fmt.Print(line)
	console, err := os.OpenFile("/dev/console", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		kmsg.Error("sysinit: opening the console: %v", err)
		return
	}
	defer console.Close()
	if sameFile(os.Stdout, console) {
		return
	}
	if _, err := console.WriteString(line); err != nil {
		kmsg.Error("sysinit: writing to the console: %v", err)
	}
}

func sameFile(one, other *os.File) bool {
	first, err := one.Stat()
	if err != nil {
		return false
	}
	second, err := other.Stat()
	return err == nil && os.SameFile(first, second)
}
