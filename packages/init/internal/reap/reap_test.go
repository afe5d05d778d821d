package reap

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reaper is one for all tests: it waits for every child of this process.
var reaper = New()

func shell(script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}}
}

func TestRun(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0":     "",
		"exit 3":     "ended with code 3",
		"kill -9 $$": "signal 9",
		"kill $$":    "signal 15",
	} {
		err := reaper.Run(shell(script), time.Minute)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", script, err, want)
		}
	}
	if err := reaper.Run(Command{Path: "/none", Args: []string{"none"}}, time.Minute); err == nil || !strings.Contains(err.Error(), "starting /none") {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestRunKillsWhatTakesTooLong(t *testing.T) {
	err := reaper.Run(shell("trap '' TERM; while :; do sleep 1; done"), 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("got %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	results := make(chan error)
	const count = 50
	for range count {
		go func() { results <- reaper.Run(shell("exit 7"), time.Minute) }()
	}
	for range count {
		if err := <-results; err == nil || !strings.Contains(err.Error(), "code 7") {
			t.Errorf("got %v", err)
		}
	}
}

func TestFilesAndEnvironment(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := shell(`echo $A; cat; echo end`)
	command.Env, command.Stdout, command.Stderr = []string{"A=b", "PATH=/usr/bin:/bin"}, write, write
	child, err := reaper.Start(command)
	command.CloseFiles()
	if err != nil {
		t.Fatal(err)
	}
	<-child.Done
	buffer := make([]byte, 100)
	n, err := read.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(buffer[:n]))
	if len(fields) < 2 || fields[0] != "b" || fields[len(fields)-1] != "end" {
		t.Errorf("got %q, want the environment, and the end of an empty input", buffer[:n])
	}
}

// TestOrphans makes this process the parent of a grandchild, as PID 1 is, and looks whether it is waited for.
func TestOrphans(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	pidFile := t.TempDir() + "/pid"
	if err := reaper.Run(shell("sleep 0.05 & echo $! > "+pidFile), time.Minute); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	proc := "/proc/" + strings.TrimSpace(string(text))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(proc); os.IsNotExist(err) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", proc)
		}
	}
}
