// Package userdocker starts the docker daemon that belongs to the user, in its container.
package userdocker

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"rancheros-kit/init/internal/certificate"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/hostdev"

	"golang.org/x/sys/unix"
)

const (
	searchPath  = "/usr/sbin:/usr/bin:/sbin:/bin"
	defaultPID  = "/run/docker.pid"
	openFiles   = 1048576
	answerLimit = 2 * time.Minute
	// tlsDirectory is where rancher.docker.tls_args of os-config.yml has the daemon look for its certificate.
	tlsDirectory = "/etc/docker/tls"
)

// Main is the program user-docker: it becomes the daemon of the configuration (rancher.docker).
func Main([]string) int {
	if err := start(); err != nil {
		log("%v", err)
		return 1
	}
	return 0
}

func start() error {
	line, err := cmdline.Read("/")
	if err != nil {
		return err
	}
	cfg, warnings, err := config.Load("/", line)
	for _, warning := range warnings {
		log("%v", warning)
	}
	if err != nil {
		return err
	}
	args := arguments(cfg.Rancher.Docker, cfg.Rancher.Debug)
	if len(args) == 0 {
		return fmt.Errorf("rancher.docker.args is empty: no program to start")
	}
	if err := hostdev.Bind(); err != nil {
		log("%v", err)
	}
	prepare(args)
	if docker := cfg.Rancher.Docker; docker.TLS {
		machine := certificate.Machine{Root: "/", Kind: certificate.ECDSA, Now: time.Now()}
		if err := machine.ServerAsConfigured(docker, hosts(cfg.Hostname), tlsDirectory); err != nil {
			return fmt.Errorf("rancher.docker.tls: %w", err)
		}
	}
	if err := os.Setenv("PATH", searchPath); err != nil {
		return err
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	environment := config.JoinEnvironment(config.WithoutProxies(os.Environ()), cfg.Rancher.Network.ProxyEnvironment(), cfg.Rancher.Docker.Environment)
	return fmt.Errorf("starting %s: %w", program, unix.Exec(program, args, environment))
}

// hosts are what clients may call the machine: its name, and the addresses that it has by now. `ros tls generate -s` makes a
// certificate for others.
func hosts(name string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if name != "" {
		hosts = append(hosts, name)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		log("%v", err)
	}
	for _, address := range addresses {
		if network, isNetwork := address.(*net.IPNet); isNetwork && network.IP.IsGlobalUnicast() {
			hosts = append(hosts, network.IP.String())
		}
	}
	return hosts
}

func arguments(docker config.Docker, debug bool) []string {
	args := docker.Arguments()
	if debug && len(args) > 0 {
		args = append(args, "-D")
	}
	return args
}

// prepare makes what the daemon expects. What fails here shows in the daemon's own log when it matters.
func prepare(args []string) {
	for _, directory := range []string{"/run", "/tmp", "/var/lib/docker", "/etc/docker", "/root"} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			log("%v", err)
		}
	}
	if err := os.Symlink("/run", "/var/run"); err != nil && !os.IsExist(err) {
		log("%v", err)
	}
	// The container has the machine's process ids: the number that a killed daemon left may be anybody's now.
	if err := os.Remove(pidFile(args)); err != nil && !os.IsNotExist(err) {
		log("%v", err)
	}
	limit := unix.Rlimit{Cur: openFiles, Max: openFiles}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		log("raising the limit of open files: %v", err)
	}
}

// pidFile is the daemon's --pidfile, in either form.
func pidFile(args []string) string {
	for at, arg := range args {
		for _, option := range []string{"--pidfile", "-p"} {
			if path, found := strings.CutPrefix(arg, option+"="); found {
				return path
			}
			if arg == option && at+1 < len(args) {
				return args[at+1]
			}
		}
	}
	return defaultPID
}

// LaunchMain is the program dockerlaunch: it becomes the docker that its arguments are, as in RancherOS 0.4, where it also mounted
// what docker needs; PID 1 does that here.
func LaunchMain(args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerlaunch DOCKER [ARGUMENT...]")
		return 2
	}
	program, err := exec.LookPath(args[1])
	if err == nil {
		err = unix.Exec(program, args[1:], os.Environ())
	}
	fmt.Fprintf(os.Stderr, "dockerlaunch: starting %s: %v\n", args[1], err)
	return 127
}

// WaitMain is the program wait-for-docker: exit code 0 as soon as the user's docker answers, 1 when it does not in time.
func WaitMain([]string) int {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	docker, err := engine.Wait(ctx, engine.UserSocket)
	if err != nil {
		log("%v", err)
		return 1
	}
	_ = docker.Close()
	return 0
}

func log(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "user-docker: "+format+"\n", arguments...)
}
