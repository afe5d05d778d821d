package console

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/respawn"
	"rancheros-kit/init/internal/version"
)

func TestSSHD(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		ssh  config.SSH
		want string
	}{
		{config.SSH{}, "/usr/sbin/sshd -D -e"},
		{config.SSH{Daemon: &yes, Port: 2022, ListenAddress: "10.0.0.1"}, "/usr/sbin/sshd -D -e -p 2022 -o ListenAddress=10.0.0.1"},
		{config.SSH{Daemon: &no, Port: 2022}, ""},
	}
	for _, test := range tests {
		got := ""
		for _, program := range sshd(test.ssh) {
			got += strings.Join(program.Args, " ")
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestFollow(t *testing.T) {
	folder := t.TempDir()
	program := func(name string) []respawn.Program {
		return []respawn.Program{{Args: []string{"/bin/sh", "-c", "echo $$ >> " + filepath.Join(folder, name) + "; exec sleep 60"}}}
	}
	starts := func(name string) int {
		text, _ := os.ReadFile(filepath.Join(folder, name))
		return strings.Count(string(text), "\n")
	}
	wait := func(name string) {
		t.Helper()
		for range 200 {
			if starts(name) > 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%s did not start", name)
	}
	// The first time nothing has changed; then nothing is to run; then another one.
	answers := make(chan []respawn.Program, 3)
	answers <- program("first")
	answers <- nil
	answers <- program("second")
	again := make(chan os.Signal)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		follow(ctx, program("first"), again, func() []respawn.Program { return <-answers })
	}()
	wait("first")
	for range 3 {
		again <- syscall.SIGHUP
	}
	wait("second")
	if starts("first") != 1 {
		t.Errorf("the first program was started %d times", starts("first"))
	}
	text, _ := os.ReadFile(filepath.Join(folder, "first"))
	first, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || syscall.Kill(first, 0) == nil {
		t.Errorf("the first program runs beside the second: %v", err)
	}
	stop()
	<-ended
}

func TestIssue(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]string{nil, {"eth0: 192.0.2.1/24", "eth1: 2001:db8::1/64"}} {
		if err := writeIssue(root, list); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(root, "etc/issue"))
		if err != nil || !strings.Contains(string(text), "RancherOS "+version.Version+" \\n \\l\n\n"+strings.Join(list, "\n")) {
			t.Errorf("%v: %q, %v", list, text, err)
		}
	}
}

func TestBootCommandsDoNotKeepTheConsole(t *testing.T) {
	err := bootCommands(t.TempDir(), &config.Config{Bootcmd: []config.Command{{"/bin/sh", "-c", "sleep 1"}}}, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "going on") {
		t.Errorf("error %v", err)
	}
}
