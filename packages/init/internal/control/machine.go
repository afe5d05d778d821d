package control

import (
	"fmt"
	"os"
	"os/exec"
	"slices"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/version"

	"golang.org/x/sys/unix"
)

var osCommands = command{
	names: []string{"os"}, usage: "ros os COMMAND", summary: "look after the system's version",
	subcommands: []command{
		{names: []string{"version"}, usage: "ros os version", summary: "print the version that runs", run: func(s *session, _ []string) error {
			_, err := fmt.Fprintln(s.stdout, version.Version)
			return err
		}},
	},
}

var envCommand = command{
	names: []string{"env"}, usage: "ros env PROGRAM [ARGUMENT...]", summary: "run a program with the configured environment", privileged: true,
	run: func(s *session, args []string) error {
		if len(args) == 0 {
			return misused("want a program")
		}
		cfg, err := s.load()
		if err != nil {
			return err
		}
		program, err := exec.LookPath(args[0])
		if err != nil {
			return err
		}
		return fmt.Errorf("starting %s: %w", program, unix.Exec(program, args, under(cfg.Rancher.Environment, os.Environ())))
	},
}

// under gives the variables with the process's own over them.
func under(variables map[string]string, own []string) []string {
	environment := []string{}
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	slices.Sort(environment)
	// Of two entries with one name the C library finds the first.
	return append(slices.Clone(own), environment...)
}

var devCommand = command{
	names: []string{"dev"}, usage: "ros dev SPEC", summary: "print the device of LABEL=, UUID=, PARTUUID= or a path", privileged: true,
	run: func(s *session, args []string) error {
		if len(args) == 0 {
			return nil
		}
		device, err := blockdev.Host.Find(args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.stdout, device.Path)
		return err
	},
}

// dockerClient is the docker client of the machine and of the console.
const dockerClient = "/usr/bin/docker"

// SystemDocker is the program system-docker: the docker client, for system docker.
func SystemDocker(args []string) int {
	environment := append([]string{"DOCKER_HOST=unix://" + engine.SystemSocket}, slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return len(entry) > 12 && entry[:12] == "DOCKER_HOST="
	})...)
	err := unix.Exec(dockerClient, append([]string{"docker"}, args[1:]...), environment)
	fmt.Fprintf(os.Stderr, "system-docker: starting %s: %v\n", dockerClient, err)
	return failure
}
