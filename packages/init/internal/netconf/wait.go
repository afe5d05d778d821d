package netconf

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// doneRetry is how often wait-for-network looks.
const doneRetry = 100 * time.Millisecond

// WaitMain is the program wait-for-network: it ends with 0 as soon as netconf has gone through all interfaces, or when it
// is told to end (SIGTERM).
func WaitMain([]string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	Await(ctx, "/")
	return 0
}

// Await returns as soon as netconf has gone through all interfaces, or when ctx ends.
func Await(ctx context.Context, root string) {
	for {
		if _, err := os.Stat(filepath.Join(root, doneFile)); err == nil || !sleep(ctx, doneRetry) {
			return
		}
	}
}
