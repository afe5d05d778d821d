// Package engine reaches the two Docker daemons of a machine.
package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/client"
)

// The daemons' sockets.
const (
	SystemSocket = "/run/system-docker.sock"
	UserSocket   = "/run/docker.sock"
)

// Retry bounds while a daemon starts: the wait between two questions doubles from first to longest.
const (
	firstRetry   = 50 * time.Millisecond
	longestRetry = 500 * time.Millisecond
)

// Connect makes a client for the daemon at a socket; it talks to nobody yet. The API's version is negotiated with the
// first request.
func Connect(socket string) (*client.Client, error) {
	docker, err := client.NewClientWithOpts(client.WithHost("unix://"+socket), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", socket, err)
	}
	return docker, nil
}

// Wait connects and asks until the daemon answers; the error of the last question is in the result when ctx ends first.
func Wait(ctx context.Context, socket string) (*client.Client, error) {
	docker, err := Connect(socket)
	if err != nil {
		return nil, err
	}
	for delay := firstRetry; ; delay = min(2*delay, longestRetry) {
		_, err := docker.Ping(ctx)
		if err == nil {
			return docker, nil
		}
		select {
		case <-ctx.Done():
			_ = docker.Close()
			return nil, fmt.Errorf("waiting for docker at %s: %w", socket, err)
		case <-time.After(delay):
		}
	}
}
