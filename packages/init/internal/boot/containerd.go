package boot

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// containerdFile is where system docker keeps the process id of the containerd that it runs.
	containerdFile = "/run/system-docker/containerd/containerd.pid"
	// containerdLook is shorter than what containerd takes until dockerd can talk to it: none that mattered goes unseen.
	containerdLook = 250 * time.Millisecond
)

var errContainerd = errors.New("containerd ended and was started anew, and the ends of containers in between went unseen")

// watchContainerd sends errContainerd when another containerd has taken the place of the one that was there, and returns. dockerd starts a new
// one by itself, but never hears of a container that ended meanwhile: it counts as running for good, and is not started again. A dockerd that
// is started anew looks at what is there, and with live-restore nothing else stops.
func watchContainerd(ctx context.Context, file string, every time.Duration, again chan<- error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	first := 0
	for {
		if pid := alive(file); first == 0 {
			first = pid
		} else if pid != 0 && pid != first {
			select {
			case again <- errContainerd:
			case <-ctx.Done():
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// alive gives the process id that a file has, 0 without one or when no such process runs.
func alive(file string) int {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || pid <= 0 || unix.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}
