package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/reap"
)

const (
	// Socket is where system docker listens.
	Socket = "/run/system-docker.sock"
	// Path is where programs are looked for.
	Path        = "PATH=/usr/bin:/usr/sbin:/bin:/sbin"
	logFile     = "/var/log/system-docker.log"
	logLimit    = 10 << 20
	consoleFile = "/dev/console"
)

// SystemDocker is the command of system docker. Its output goes to a file, or to the console when debugging.
func SystemDocker(docker config.Docker, debug bool) (reap.Command, error) {
	args, err := arguments(docker, debug, exec.LookPath)
	if err != nil {
		return reap.Command{}, err
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return reap.Command{}, fmt.Errorf("looking for system docker: %w", err)
	}
	out, err := openLog(debug)
	if err != nil {
		return reap.Command{}, err
	}
	// A socket of a daemon that was killed would answer nobody, but look as if it were there.
	if err := os.Remove(Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return reap.Command{}, err
	}
	env := config.JoinEnvironment([]string{Path, "HOME=/root", "TERM=linux"}, docker.Environment)
	return reap.Command{Path: program, Args: args, Env: env, Stdout: out, Stderr: out}, nil
}

// arguments are the daemon's, in the form that the docker on board has: a program of its own since 1.12, `docker daemon` since
// 1.8, `docker -d` before. The configuration may have any of them, `daemon …` of RancherOS 0.4, or options alone.
func arguments(docker config.Docker, debug bool, lookPath func(string) (string, error)) ([]string, error) {
	args := docker.Arguments()
	if len(args) == 0 {
		return nil, errors.New("rancher.system_docker.args is empty: no program to start")
	}
	if options, known := daemonOptions(args); known {
		form := []string{"dockerd"}
		if _, err := lookPath("dockerd"); err != nil {
			form = []string{"docker", "daemon"}
		}
		args = slices.Concat(form, options)
	}
	if debug {
		args = append(args, "--debug")
	}
	return args, nil
}

// daemonOptions takes the daemon's name off, in whichever form it is; a program of another name is left to itself.
func daemonOptions(args []string) (options []string, known bool) {
	first, second := args[0], ""
	if len(args) > 1 {
		second = args[1]
	}
	switch {
	case strings.HasPrefix(first, "-"):
		return args, true
	case first == "dockerd" || first == "daemon":
		return args[1:], true
	case first == "docker" && (second == "daemon" || second == "-d" || second == "--daemon"):
		return args[2:], true
	}
	return nil, false
}

func openLog(debug bool) (*os.File, error) {
	if debug {
		return os.OpenFile(consoleFile, os.O_WRONLY, 0)
	}
	if info, err := os.Stat(logFile); err == nil && info.Size() > logLimit {
		if err := os.Rename(logFile, logFile+".1"); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(logFile), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// Answering waits until the daemon behind a socket answers a ping.
func Answering(ctx context.Context, socket string) error {
	dialer := net.Dialer{}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
