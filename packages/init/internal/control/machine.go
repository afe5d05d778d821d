package control

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/engine"

	"golang.org/x/sys/unix"
)

var envCommand = command{
	names: []string{"env"}, usage: "ros env PROGRAM [ARGUMENT...]", summary: "run a program with the configured environment", privileged: true,
	least: 1, most: -1, want: "a program", setup: plain(func(s *session, args []string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		program, err := exec.LookPath(args[0])
		if err != nil {
			return err
		}
		return fmt.Errorf("starting %s: %w", program, unix.Exec(program, args, under(cfg.Rancher.Environment, os.Environ())))
	}),
}

// under gives the variables with the process's own over them.
func under(variables map[string]string, own []string) []string {
	environment := slices.Clone(own)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		isSet := slices.ContainsFunc(own, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
		if !isSet {
			environment = append(environment, name+"="+variables[name])
		}
	}
	return environment
}

var devCommand = command{
	names: []string{"dev"}, usage: "ros dev SPEC", summary: "print the device of LABEL=, UUID=, PARTLABEL=, PARTUUID= or a path", privileged: true,
	most: 1, setup: plain(func(s *session, args []string) error {
		if len(args) == 0 {
			return nil
		}
		device, err := blockdev.Host.Find(args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.stdout, device.Path)
		return err
	}),
}

// dockerClient is the docker client of the machine and of the console.
const dockerClient = "/usr/bin/docker"

// SystemDocker is the program system-docker: the docker client, for system docker.
func SystemDocker(args []string) int {
	environment := append([]string{"DOCKER_HOST=unix://" + engine.SystemSocket}, slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "DOCKER_HOST=")
	})...)
	err := unix.Exec(dockerClient, append([]string{"docker"}, args[1:]...), environment)
	fmt.Fprintf(os.Stderr, "system-docker: starting %s: %v\n", dockerClient, err)
	return failure
}
