// Package boot is PID 1: the phases from the kernel's start of /init to a running system docker, and the machine's life
// after that.
package boot

import (
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"rancheros-kit/init/internal/kmsg"
)

// Severity says what the failure of a phase means.
type Severity int

const (
	// Warn: the failure is logged and the boot goes on.
	Warn Severity = iota
	// Fatal: the reason is shown, a root shell opened where that is allowed, and the machine restarts.
	Fatal
)

// Phase is a row of the boot's table.
type Phase struct {
	Name     string
	Severity Severity
	// Deadline is when the phase counts as failed though it still runs.
	Deadline time.Duration
	Run      func(*Machine) error
}

// run runs the phases in order. It returns only when no phase failed fatally.
func run(m *Machine, phases []Phase) {
	for _, phase := range phases {
		end := m.Record.Begin(phase.Name)
		err := within(phase.Deadline, func() error { return phase.Run(m) })
		end(err)
		if err == nil {
			kmsg.Debug("phase %s done", phase.Name)
			continue
		}
		if phase.Severity == Fatal {
			fatal(m, fmt.Errorf("%s: %w", phase.Name, err))
		}
		kmsg.Error("%s: %v", phase.Name, err)
	}
}

// forever is the limit of what must not end.
const forever = time.Duration(math.MaxInt64)

// within runs a function with a time limit. A panic becomes an error. A function that takes too long goes on by itself.
func within(limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				done <- fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("not done within %s", limit)
	}
}
