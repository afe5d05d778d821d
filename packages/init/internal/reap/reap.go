// Package reap is how PID 1 starts children and waits for them. PID 1 inherits every orphan of the machine and must
// wait for whatever ends, so nothing else in that process may wait for a child.
package reap

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command is a program to start. Files that are nil become /dev/null.
type Command struct {
	Path string
	// Args are all arguments, the name first.
	Args []string
	// Env is the whole environment; nil is the caller's.
	Env            []string
	Stdin          *os.File
	Stdout, Stderr *os.File
}

// CloseFiles closes what the program has got its own copies of.
func (c Command) CloseFiles() {
	for _, file := range []*os.File{c.Stdin, c.Stdout, c.Stderr} {
		if file != nil {
			_ = file.Close() // closing the same file twice fails and does no harm
		}
	}
}

// Child is a started program.
type Child struct {
	PID int
	// Done gives the status once and is closed then.
	Done <-chan unix.WaitStatus
}

// Reaper waits for all children of this process.
type Reaper struct {
	mu       sync.Mutex
	children map[int]chan unix.WaitStatus
}

// New makes a reaper and starts waiting.
func New() *Reaper {
	r := &Reaper{children: map[int]chan unix.WaitStatus{}}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCHLD)
	go func() {
		// One signal may stand for many ends; the ticker is for one that came before Notify.
		for tick := time.NewTicker(5 * time.Second); ; {
			select {
			case <-signals:
			case <-tick.C:
			}
			r.collect()
		}
	}()
	return r
}

// collect holds the lock around wait4 so that a child that Start has not yet written down is not lost.
func (r *Reaper) collect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if done, found := r.children[pid]; found {
			delete(r.children, pid)
			done <- status
			close(done)
		}
	}
}

// Start starts a program in its own session.
func (r *Reaper) Start(command Command) (*Child, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	files := make([]uintptr, 3)
	for i, file := range []*os.File{command.Stdin, command.Stdout, command.Stderr} {
		if file == nil {
			file = null
		}
		files[i] = file.Fd()
	}
	env := command.Env
	if env == nil {
		env = os.Environ()
	}
	done := make(chan unix.WaitStatus, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(command.Path, command.Args, &syscall.ProcAttr{
		Files: files, Env: env, Dir: "/", Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	r.children[pid] = done
	return &Child{PID: pid, Done: done}, nil
}

// Run starts a program and waits for its end, at most timeout; then it is killed. The error holds how it ended.
func (r *Reaper) Run(command Command, timeout time.Duration) error {
	child, err := r.Start(command)
	if err != nil {
		return err
	}
	select {
	case status := <-child.Done:
		return Failure(command.Path, status)
	case <-time.After(timeout):
		_ = unix.Kill(child.PID, unix.SIGKILL)
		<-child.Done
		return fmt.Errorf("%s did not end within %s and was killed", command.Path, timeout)
	}
}

// Failure is nil for a program that ended with 0.
func Failure(path string, status unix.WaitStatus) error {
	switch {
	case status.Signaled():
		return fmt.Errorf("%s was ended by signal %d (%s)", path, status.Signal(), status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("%s ended with code %d", path, status.ExitStatus())
	}
	return nil
}
