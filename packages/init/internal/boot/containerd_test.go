package boot

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestWatchContainerd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "containerd.pid")
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	again := make(chan error)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watchContainerd(ctx, file, time.Millisecond, again)
	}()
	// None yet, what a crash left behind, one that runs, nothing while another starts: no reason for anything.
	for _, content := range []string{"", strconv.Itoa(gone.Process.Pid), "no number", strconv.Itoa(os.Getpid()), "", strconv.Itoa(gone.Process.Pid)} {
		put(content)
		select {
		case reason := <-again:
			t.Fatalf("after %q: %v", content, reason)
		case <-time.After(300 * time.Millisecond): // many looks, on a busy machine too
		}
	}
	put(strconv.Itoa(other.Process.Pid))
	select {
	case reason := <-again:
		if !errors.Is(reason, errContainerd) {
			t.Error(reason)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("another containerd went unseen")
	}
	<-ended
}

func TestWatchContainerdEnds(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	ended, absent := make(chan struct{}), filepath.Join(t.TempDir(), "absent")
	go func() {
		defer close(ended)
		watchContainerd(ctx, absent, time.Millisecond, nil)
	}()
	stop()
	<-ended
}
