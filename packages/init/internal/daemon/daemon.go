// Package daemon keeps programs running: system docker, and what brings its services up.
package daemon

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/reap"
)

// Daemon is a program that is started again when it ends.
type Daemon struct {
	Name   string
	Reaper *reap.Reaper
	// Command is asked anew before every start.
	Command func() (reap.Command, error)
	// Ready is called beside the program after every start; its context ends with the program.
	Ready func(ctx context.Context, start int)
	// UntilSuccess lets the program rest once it ended with code 0.
	UntilSuccess bool
	// Again, where it is given, ends a run so that the next begins; what comes is the reason, which is told.
	Again <-chan error
	// StopTimeout is how long the program may take to end after SIGTERM before it is killed.
	StopTimeout time.Duration
}

// Run starts the program and keeps it running until the context ends; then it stops it and returns.
func (d *Daemon) Run(ctx context.Context) {
	pause := Backoff{}
	for start := 1; ctx.Err() == nil; start++ {
		began := time.Now()
		err := d.once(ctx, start)
		if ctx.Err() != nil || err == nil && d.UntilSuccess {
			return
		}
		delay := pause.Next(time.Since(began))
		if err != nil {
			kmsg.Error("%s: %v; starting it again in %s", d.Name, err, delay)
		} else {
			kmsg.Error("%s ended; starting it again in %s", d.Name, delay)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

func (d *Daemon) once(ctx context.Context, start int) error {
	command, err := d.Command()
	if err != nil {
		return err
	}
	child, err := d.Reaper.Start(command)
	command.CloseFiles()
	if err != nil {
		return err
	}
	running, ended := context.WithCancel(ctx)
	defer ended()
	if d.Ready != nil {
		go d.Ready(running, start)
	}
	select {
	case status := <-child.Done:
		return reap.Failure(d.Name, status)
	case reason := <-d.Again:
		d.stop(child)
		return reason
	case <-ctx.Done():
		d.stop(child)
		return nil
	}
}

func (d *Daemon) stop(child *reap.Child) {
	_ = unix.Kill(child.PID, unix.SIGTERM)
	select {
	case <-child.Done:
	case <-time.After(d.StopTimeout):
		kmsg.Error("%s did not end within %s and is killed", d.Name, d.StopTimeout)
		_ = unix.Kill(child.PID, unix.SIGKILL)
		<-child.Done
	}
}

// Backoff doubles a pause from one start to the next, from 250 ms to 30 s, and begins again after a run of a minute.
type Backoff struct {
	last time.Duration
}

const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 30 * time.Second
	goodRun       = time.Minute
)

// Next is the pause after a run that took this long.
func (b *Backoff) Next(ran time.Duration) time.Duration {
	if b.last == 0 || ran >= goodRun {
		b.last = shortestPause
	} else {
		b.last = min(2*b.last, longestPause)
	}
	return b.last
}
