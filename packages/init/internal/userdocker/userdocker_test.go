package userdocker

import (
	"slices"
	"testing"

	"rancheros-kit/init/internal/config"
)

func TestArguments(t *testing.T) {
	docker := config.Docker{Args: []string{"dockerd", "-a"}, ExtraArgs: []string{"-b"}}
	if got := arguments(docker, false); !slices.Equal(got, []string{"dockerd", "-a", "-b"}) {
		t.Errorf("arguments = %v", got)
	}
	if got := arguments(docker, true); !slices.Equal(got, []string{"dockerd", "-a", "-b", "-D"}) {
		t.Errorf("with debug: %v", got)
	}
	if got := arguments(config.Docker{}, true); len(got) != 0 {
		t.Errorf("without a program: %v", got)
	}
	if len(docker.Args) != 2 {
		t.Error("the configuration was changed")
	}
}

func TestPIDFile(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{nil, "/run/docker.pid"},
		{[]string{"dockerd", "--pidfile=/a"}, "/a"},
		{[]string{"dockerd", "--pidfile", "/b"}, "/b"},
		{[]string{"dockerd", "-p", "/c"}, "/c"},
		{[]string{"dockerd", "-p"}, "/run/docker.pid"},
	}
	for _, test := range tests {
		if got := pidFile(test.args); got != test.want {
			t.Errorf("pidFile(%v) = %s, want %s", test.args, got, test.want)
		}
	}
}
