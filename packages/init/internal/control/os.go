package control

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/version"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

var osCommands = command{
	names: []string{"os"}, usage: "ros os COMMAND", summary: "look after the system's version",
	subcommands: []command{
		{names: []string{"version"}, usage: "ros os version", summary: "print the version that runs", setup: plain(func(s *session, _ []string) error {
			_, err := fmt.Fprintln(s.stdout, version.Version)
			return err
		})},
		{names: []string{"list"}, usage: "ros os list", summary: "list the versions that there are", privileged: true, setup: osList},
		{names: []string{"upgrade"}, usage: "ros os upgrade [-s] [-i IMAGE] [-f] [--no-reboot]", summary: "put another version on the disk that this machine runs from", privileged: true, setup: osUpgrade},
		{names: []string{"rollback"}, usage: "ros os rollback", summary: "let the version before start by itself from now on", privileged: true, setup: plain(osRollback)},
	},
}

// releases is the list of versions that rancher.upgrade.url names.
type releases struct {
	Available []string `yaml:"available"`
	Current   string   `yaml:"current"`
}

// releases reads the list; without an address there is none.
func (s *session) releases(cfg *config.Config) (releases, error) {
	var found releases
	location := cfg.Rancher.Upgrade.URL
	if location == "" {
		return found, nil
	}
	if filepath.IsAbs(location) {
		location = filepath.Join(s.root, location)
	} else {
		address, err := url.Parse(location)
		if err != nil {
			return found, fmt.Errorf("rancher.upgrade.url: %w", err)
		}
		query := address.Query()
		query.Set("current", version.Version)
		address.RawQuery = query.Encode()
		location = address.String()
	}
	content, err := readLocation(location)
	if err != nil {
		return found, err
	}
	if err := config.DecodeYAML(content, &found); err != nil {
		return found, fmt.Errorf("%s: %w", location, err)
	}
	return found, nil
}

func osList(s *session, flags *flag.FlagSet) func([]string) error {
	yes(flags, "has no effect: the list is asked for every time", "u", "update")
	return func([]string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		found, err := s.releases(cfg)
		if err != nil {
			s.say("warning: %v", err)
		}
		return s.withSystem(func(ctx context.Context, docker *client.Client) error {
			local, err := installers(ctx, docker, cfg)
			if err != nil {
				return err
			}
			for _, reference := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(found.Available, local)))) {
				line := reference + " remote"
				if slices.Contains(local, reference) {
					line = reference + " local"
				}
				if reference == found.Current {
					line += " latest"
				}
				if reference == installerImage(cfg, "") {
					line += " running"
				}
				fmt.Fprintln(s.stdout, line)
			}
			return nil
		})
	}
}

// installers are the installer images of system docker.
func installers(ctx context.Context, docker *client.Client, cfg *config.Config) ([]string, error) {
	list, err := docker.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, err
	}
	repository, _, _ := strings.Cut(installerImage(cfg, ""), ":"+version.Version)
	var found []string
	for _, summary := range list {
		for _, tag := range summary.RepoTags {
			if strings.HasPrefix(tag, repository+":") {
				found = append(found, tag)
			}
		}
	}
	return found, nil
}

func osUpgrade(s *session, flags *flag.FlagSet) func([]string) error {
	stage := yes(flags, "only get the image", "s", "stage")
	named := text(flags, "", "installer `image`, or its tarball: a file or an address, with #sha256:<hex> (default the current one of rancher.upgrade.url)", "i", "image")
	force := yes(flags, "ask nothing, take a version that is no newer one", "f", "force")
	noReboot := yes(flags, "do not restart afterwards", "no-reboot")
	appended := text(flags, "", "more kernel `arguments`", "append")
	upgradeConsole := yes(flags, "make the console's container anew in the new version", "upgrade-console")
	yes(flags, "has no effect: there is no kexec on board", "k", "kexec")
	debug := yes(flags, "show the installer's every step", "debug")
	return func([]string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		image := *named
		if image == "" {
			found, err := s.releases(cfg)
			if err != nil {
				return err
			}
			if image = found.Current; image == "" {
				return errors.New("which version? rancher.upgrade.url names none; -i IMAGE does")
			}
		}
		return s.withSystem(func(ctx context.Context, docker *client.Client) error {
			if isRelease(image) {
				if image, err = s.release(ctx, docker, image); err != nil || *stage {
					return err
				}
			} else if err := s.obtainInstaller(ctx, docker, image, cfg); err != nil || *stage {
				return err
			}
			if !*force && !s.confirm(fmt.Sprintf("Upgrading to %s. Continue?", image)) {
				return errors.New("nothing was done")
			}
			if *upgradeConsole {
				if err := config.Set(s.root, "rancher.force_console_rebuild", "true"); err != nil {
					return err
				}
			}
			run := installerRun{name: "os-upgrade", image: image, args: []string{"-t", "rancher-upgrade", "-r", version.Version}}
			run.option("-a", *appended)
			if *force {
				run.args = append(run.args, "--force")
			}
			if *debug {
				run.args = append(run.args, "--debug")
			}
			if err := run.run(ctx, s, docker); err != nil || *noReboot {
				return err
			}
			return s.restartMachine(*force)
		})
	}
}
