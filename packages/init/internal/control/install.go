package control

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/fetch"

	"github.com/docker/docker/client"
)

// installTypes are those of the installer.
var installTypes = []string{"generic", "gptsyslinux", "syslinux", "noformat", "raid", "arm", "amazon-ebs-hvm", "amazon-ebs-pv", "googlecompute", "bootstrap", "rancher-upgrade"}

// cloudConfigInside is where the installer finds the cloud-config; its base name is that of the file that is kept.
const cloudConfigInside = "/user_config.yml"

var installCommand = command{
	names: []string{"install"}, usage: "ros install -d DEVICE [-t TYPE] [-c FILE] [-i IMAGE] [-f] [--no-reboot]", summary: "install RancherOS to a disk, which is erased", privileged: true, setup: install,
}

func install(s *session, flags *flag.FlagSet) func([]string) error {
	device := text(flags, "", "`device` to install to, as /dev/sda", "d", "device")
	partition := text(flags, "", "`partition` to install to instead of a whole disk", "p", "partition")
	kind := text(flags, "generic", "`type` of machine: "+strings.Join(installTypes, ", "), "t", "install-type")
	cloudConfig := text(flags, "", "`file` or http(s) address of a cloud-config for the installed machine", "c", "cloud-config")
	image := text(flags, "", "installer `image`, or its tarball: a file or an address, with #sha256:<hex> (default the version that runs)", "i", "image")
	force := yes(flags, "ask nothing", "f", "force")
	noReboot := yes(flags, "do not restart afterwards", "no-reboot")
	appended := text(flags, "", "more kernel `arguments` for the installed machine", "a", "append")
	stateDir := text(flags, "", "`directory` of the disk that becomes the root", "statedir")
	rollback := text(flags, "", "`version` that the boot menu keeps", "r", "rollback")
	yes(flags, "has no effect: there is no kexec on board", "k", "kexec")
	yes(flags, "has no effect: a disk is never saved before it is erased", "s", "save", "isoinstallerloaded")
	debug := yes(flags, "show the installer's every step", "debug")
	return func([]string) error {
		switch {
		case *device == "" && *partition == "":
			return misused("want -d DEVICE, the disk to install to")
		case !slices.Contains(installTypes, *kind):
			return misused("no such type: %s, want one of %s", *kind, strings.Join(installTypes, ", "))
		}
		cfg, err := s.load()
		if err != nil {
			return err
		}
		run := installerRun{name: "os-install", image: installerImage(cfg, *image), args: []string{"-t", *kind}, files: map[string][]byte{}}
		run.option("-d", *device)
		run.option("-p", *partition)
		run.option("-a", *appended)
		run.option("--statedir", *stateDir)
		run.option("-r", *rollback)
		if *debug {
			run.args = append(run.args, "--debug")
		}
		if *cloudConfig == "" {
			s.say("warning: without -c the installed machine has no ssh key: nobody can log in over the network")
		} else if err := s.addCloudConfig(&run, *cloudConfig); err != nil {
			return err
		}
		if err := s.withSystem(func(ctx context.Context, docker *client.Client) error {
			if isRelease(run.image) {
				if run.image, err = s.release(ctx, docker, run.image); err != nil {
					return err
				}
			} else if err := s.obtainInstaller(ctx, docker, run.image, cfg); err != nil {
				return err
			}
			if !*force {
				// It says what is on the disk, and refuses what can not be.
				if err := run.with("--plan").run(ctx, s, docker); err != nil {
					return err
				}
				if !s.confirm("Continue?") {
					return errors.New("nothing was done")
				}
			}
			return run.with("--force").run(ctx, s, docker)
		}); err != nil || *noReboot {
			return err
		}
		return s.restartMachine(*force)
	}
}

// with is the same run with one more argument.
func (r installerRun) with(argument string) installerRun {
	r.args = append(slices.Clone(r.args), argument)
	return r
}

func (r *installerRun) option(name, value string) {
	if value != "" {
		r.args = append(r.args, name, value)
	}
}

// addCloudConfig reads a cloud-config from a file or an address. One that is no YAML is refused: the machine would start without it.
func (s *session) addCloudConfig(run *installerRun, location string) error {
	content, err := readLocation(location)
	if err != nil {
		return err
	}
	warnings, broken := config.Check(location, content)
	if broken {
		return fmt.Errorf("%v", warnings[0])
	}
	s.warn(warnings)
	run.option("-c", cloudConfigInside)
	run.files[cloudConfigInside] = content
	return nil
}

func readLocation(location string) ([]byte, error) {
	if !strings.HasPrefix(location, "http://") && !strings.HasPrefix(location, "https://") {
		return os.ReadFile(filepath.Clean(location))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fetcher := fetch.Fetcher{Request: 20 * time.Second, Pause: time.Second, Tries: 3}
	content, _, err := fetcher.Do(ctx, fetch.Question{Method: "GET", URL: location, Limit: 4 << 20, Web: true})
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", location, err)
	}
	return content, nil
}
