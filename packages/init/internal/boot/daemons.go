package boot

import (
	"context"
	"os"
	"sync"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/daemon"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/reap"
)

const (
	dockerStopTimeout  = 15 * time.Second
	sysinitStopTimeout = 2 * time.Second
)

// daemons are what PID 1 keeps running: system docker, and after each of its starts the program that brings the services
// up. They stop in the opposite order.
type daemons struct {
	stopDocker  context.CancelFunc
	dockerEnded chan struct{}
	sysinit     sysinit
}

func startDaemons(ctx context.Context, m *Machine) power.Daemons {
	if m.Config.Rancher.SystemDocker.Exec {
		kmsg.Info("rancher.system_docker.exec: PID 1 stays ros, which starts system docker and reaps what nobody waits for")
	}
	dockerContext, stopDocker := context.WithCancel(context.Background())
	d := &daemons{stopDocker: stopDocker, dockerEnded: make(chan struct{}), sysinit: sysinit{machine: m}}
	trouble := newDockerTrouble(m)
	again := make(chan error)
	dockerDaemon := daemon.Daemon{
		Name:   "system docker",
		Reaper: m.reaper,
		Command: func() (reap.Command, error) {
			trouble.starting()
			docker := m.Config.Rancher.SystemDocker
			docker.Environment = config.JoinEnvironment(m.Config.Rancher.Network.ProxyEnvironment(), docker.Environment)
			return daemon.SystemDocker(docker, m.Config.Rancher.Debug)
		},
		Ready: func(running context.Context, start int) {
			go watchContainerd(running, containerdFile, containerdLook, again)
			// The first time sysinit is started at once: it waits by itself, and its start takes a while too.
			if start == 1 {
				go func() {
					if recordDocker(running, m) {
						trouble.answers()
					}
				}()
			} else if daemon.Answering(running, daemon.Socket) != nil {
				return
			} else {
				trouble.answers()
				kmsg.Info("system docker answers again (start %d)", start)
			}
			d.sysinit.restart(ctx)
		},
		Again:       again,
		StopTimeout: dockerStopTimeout,
	}
	go func() {
		defer close(d.dockerEnded)
		dockerDaemon.Run(dockerContext)
	}()
	return d
}

// recordDocker waits until system docker answers, and reports whether it did.
func recordDocker(running context.Context, m *Machine) bool {
	end := m.Record.Begin("system-docker")
	err := daemon.Answering(running, daemon.Socket)
	end(err)
	if err == nil {
		kmsg.Info("system docker answers")
	}
	saveRecord(m)
	return err == nil
}

// StopServices ends the program that brings services up, so that none comes up again.
func (d *daemons) StopServices() {
	d.sysinit.stop()
}

// StopDocker ends system docker.
func (d *daemons) StopDocker() {
	d.stopDocker()
	<-d.dockerEnded
}

// sysinit runs `ros sysinit` until it succeeds, anew whenever system docker has been started.
type sysinit struct {
	machine *Machine
	mu      sync.Mutex
	cancel  context.CancelFunc
	ended   chan struct{}
	// recorded tells that the record has this boot's bring-up.
	recorded bool
}

func (s *sysinit) restart(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopLocked()
	running, cancel := context.WithCancel(ctx)
	s.cancel, s.ended = cancel, make(chan struct{})
	program := daemon.Daemon{
		Name:         "sysinit",
		Reaper:       s.machine.reaper,
		Command:      sysinitCommand,
		UntilSuccess: true,
		StopTimeout:  sysinitStopTimeout,
	}
	// The record is of the boot: what happens after a crash of system docker is not part of it.
	end := func(error) {}
	if !s.recorded {
		s.recorded = true
		end = s.machine.Record.Begin("services")
	}
	go func(ended chan struct{}) {
		defer close(ended)
		program.Run(running)
		if running.Err() == nil {
			end(nil)
			saveRecord(s.machine)
		}
	}(s.ended)
}

func (s *sysinit) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopLocked()
}

func (s *sysinit) stopLocked() {
	if s.cancel != nil {
		s.cancel()
		<-s.ended
	}
}

func sysinitCommand() (reap.Command, error) {
	console, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return reap.Command{}, err
	}
	return reap.Command{Path: program, Args: []string{"ros", "sysinit"}, Env: environment(), Stdout: console, Stderr: console}, nil
}
