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
	dockerDaemon := daemon.Daemon{
		Name:   "system docker",
		Reaper: m.reaper,
		Command: func() (reap.Command, error) {
			docker := m.Config.Rancher.SystemDocker
			docker.Environment = config.JoinEnvironment(m.Config.Rancher.Network.ProxyEnvironment(), docker.Environment)
			return daemon.SystemDocker(docker, m.Config.Rancher.Debug)
		},
		Ready: func(running context.Context, start int) {
			// The first time sysinit is started at once: it waits by itself, and its start takes a while too.
			if start == 1 {
				go recordDocker(running, m)
			} else if daemon.Answering(running, daemon.Socket) != nil {
				return
			} else {
				kmsg.Info("system docker answers again (start %d)", start)
			}
			d.sysinit.restart(ctx)
		},
		StopTimeout: dockerStopTimeout,
	}
	go func() {
		defer close(d.dockerEnded)
		dockerDaemon.Run(dockerContext)
	}()
	return d
}

func recordDocker(running context.Context, m *Machine) {
	end := m.Record.Begin("system-docker")
	err := daemon.Answering(running, daemon.Socket)
	end(err)
	if err == nil {
		kmsg.Info("system docker answers")
	}
	saveRecord(m)
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
	go func(ended chan struct{}) {
		defer close(ended)
		program.Run(running)
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
