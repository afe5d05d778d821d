// Package respawn keeps programs running.
package respawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A program that ends sooner than steady after its start waits before the next one, twice as long each time.
const (
	steady       = 5 * time.Second
	firstDelay   = 500 * time.Millisecond
	longestDelay = 30 * time.Second
	stopLimit    = 2 * time.Second
)

// Program is a command line and its environment; nil is the caller's.
type Program struct {
	Args []string
	Env  []string
}

// Run keeps the programs running until ctx ends; then they get SIGTERM and, after some seconds, SIGKILL. log gets one
// line for each end.
func Run(ctx context.Context, programs []Program, log func(format string, arguments ...any)) {
	var group sync.WaitGroup
	for _, program := range programs {
		group.Add(1)
		go func() {
			defer group.Done()
			keep(ctx, program, log)
		}()
	}
	group.Wait()
}

func keep(ctx context.Context, program Program, log func(format string, arguments ...any)) {
	for delay := firstDelay; ctx.Err() == nil; {
		start := time.Now()
		err := once(ctx, program)
		if ctx.Err() != nil {
			return
		}
		if time.Since(start) >= steady {
			delay = firstDelay
		}
		log("%s ended (%v), next start in %v", program.Args[0], reason(err), delay)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(2*delay, longestDelay)
	}
}

// once runs the program in a session of its own, which a getty needs to get its terminal.
func once(ctx context.Context, program Program) error {
	if len(program.Args) == 0 {
		return errors.New("no program is named")
	}
	command := exec.CommandContext(ctx, program.Args[0], program.Args[1:]...)
	command.Env = program.Env
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopLimit
	return command.Run()
}

func reason(err error) string {
	if err == nil {
		return "exit code 0"
	}
	return fmt.Sprint(err)
}
