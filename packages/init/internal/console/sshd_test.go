package console

import (
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
)

func TestSSHD(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		ssh         config.SSH
		environment []string
		want        string
	}{
		{config.SSH{}, nil, "/usr/sbin/sshd -D -e"},
		{config.SSH{}, []string{"A=1", "b=x y", "B=2"}, "/usr/sbin/sshd -D -e -o SetEnv=A=1 B=2"},
		{config.SSH{Daemon: &yes, Port: 2022, ListenAddress: "10.0.0.1"}, []string{"A=1"}, "/usr/sbin/sshd -D -e -p 2022 -o ListenAddress=10.0.0.1 -o SetEnv=A=1"},
		{config.SSH{Daemon: &no, Port: 2022}, nil, ""},
	}
	for _, test := range tests {
		got := ""
		for _, program := range sshd(test.ssh, test.environment) {
			got += strings.Join(program.Args, " ")
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestBootCommandsDoNotKeepTheConsole(t *testing.T) {
	err := bootCommands(t.TempDir(), &config.Config{Bootcmd: []config.Command{{"/bin/sh", "-c", "sleep 1"}}}, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "going on") {
		t.Errorf("error %v", err)
	}
}
