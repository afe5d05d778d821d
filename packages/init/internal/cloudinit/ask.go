package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rancheros-kit/init/internal/fetch"
)

// Limits bound what data sources may take.
type Limits struct {
	// Source bounds one data source, Request one of its requests; Pause is the first wait between two tries.
	Source, Request, Pause time.Duration
	// Network bounds the wait for the network, before the sources that need it are asked.
	Network time.Duration
}

// DefaultLimits are those of a machine.
var DefaultLimits = Limits{Source: 30 * time.Second, Request: 10 * time.Second, Pause: 100 * time.Millisecond, Network: 60 * time.Second}

// grace is what a source gets to notice that its time is over; one that does not, as a mount that hangs in the kernel, is
// left behind.
const grace = 2 * time.Second

// asker is what data sources need from the machine.
type asker struct {
	root   string
	limits Limits
	guest  guestInfo
}

func (a *asker) fetcher() fetch.Fetcher {
	return fetch.Fetcher{Request: a.limits.Request, Pause: a.limits.Pause}
}

type outcome struct {
	answer answer
	err    error
}

// first asks the sources and gives the first one in their order that has something for this machine, with its answer; nil
// when none has. Those that need the network are asked at the same time, since each may have to run into its deadline;
// the others one after the other. The error joins what went wrong with the sources before that one and with itself.
func (a *asker) first(ctx context.Context, sources []source) (*source, answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make([]<-chan outcome, len(sources))
	for at, source := range sources {
		if source.network {
			outcomes[at] = a.ask(ctx, source)
		}
	}
	var problems []error
	for at, source := range sources {
		if outcomes[at] == nil {
			outcomes[at] = a.ask(ctx, source)
		}
		result := <-outcomes[at]
		// Most disks are not there; a server that is configured should be.
		if result.err != nil && (source.network || !errors.Is(result.err, errAbsent)) {
			problems = append(problems, fmt.Errorf("cloud-init, %s: %w", source.name, result.err))
		}
		if !result.answer.empty() {
			return &source, result.answer, errors.Join(problems...)
		}
	}
	return nil, answer{}, errors.Join(problems...)
}

// ask runs one source. The channel always gets an outcome, soon after the deadline at the latest.
func (a *asker) ask(ctx context.Context, source source) <-chan outcome {
	given := make(chan outcome, 1)
	result := make(chan outcome, 1)
	ctx, cancel := context.WithTimeout(ctx, a.limits.Source)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				given <- outcome{err: fmt.Errorf("the data source failed: %v", reason)}
			}
		}()
		found, err := source.ask(ctx, a, source.argument)
		given <- outcome{found, err}
	}()
	go func() {
		defer cancel()
		select {
		case outcome := <-given:
			result <- outcome
		case <-time.After(a.limits.Source + grace):
			result <- outcome{err: fmt.Errorf("no end after %v, left behind", a.limits.Source+grace)}
		}
	}()
	return result
}
