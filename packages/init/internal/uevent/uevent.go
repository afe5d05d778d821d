// Package uevent listens to what the kernel tells about devices that come and go.
package uevent

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Event is one message: its action (add, remove, change, bind …) and its keys.
type Event struct {
	Action, DevPath string
	Env             map[string]string
}

// Socket receives events from the moment it is opened.
type Socket struct {
	fd int
}

// Open starts listening to the kernel's own events.
func Open() (*Socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("opening the uevent socket: %w", err)
	}
	// Cold-plugging sends thousands of events before the first is read.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("binding the uevent socket: %w", err)
	}
	return &Socket{fd: fd}, nil
}

// Close stops listening.
func (s *Socket) Close() {
	unix.Close(s.fd)
}

// Next waits at most timeout for an event; false means that none came.
func (s *Socket) Next(timeout time.Duration) (Event, bool, error) {
	poll := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	deadline := time.Now().Add(timeout)
	buffer := make([]byte, 16<<10)
	for {
		n, err := unix.Poll(poll, int(max(0, time.Until(deadline).Milliseconds())))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return Event{}, false, fmt.Errorf("waiting for a uevent: %w", err)
		}
		if n == 0 {
			return Event{}, false, nil
		}
		size, _, err := unix.Recvfrom(s.fd, buffer, 0)
		// Messages were lost; the ones that follow still count.
		if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return Event{}, false, fmt.Errorf("reading a uevent: %w", err)
		}
		if event, ok := Parse(buffer[:size]); ok {
			return event, true, nil
		}
	}
}

// Parse reads a message: `action@devpath` and then KEY=value, each ended by a zero byte.
func Parse(message []byte) (Event, bool) {
	fields := strings.Split(strings.TrimRight(string(message), "\x00"), "\x00")
	action, path, found := strings.Cut(fields[0], "@")
	if !found {
		return Event{}, false
	}
	event := Event{Action: action, DevPath: path, Env: map[string]string{}}
	for _, field := range fields[1:] {
		if key, value, found := strings.Cut(field, "="); found {
			event.Env[key] = value
		}
	}
	return event, true
}
