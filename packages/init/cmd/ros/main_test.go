package main

import "testing"

// TestNames lists every name that the build links to the program.
func TestNames(t *testing.T) {
	for _, name := range []string{"init", "sysinit", "modprobe", "system-docker", "user-docker", "netconf", "console-init",
		"cloud-init", "respawn", "poweroff", "reboot", "halt", "shutdown", "wait-for-docker", "entrypoint"} {
		if commands[name] == nil {
			t.Errorf("%s is no command", name)
		}
	}
	if commands["ros"] != nil {
		t.Error("ros is the command line, not an entry of the table")
	}
}

func TestNamesByPath(t *testing.T) {
	// poweroff refuses these arguments before it does anything, and with another code than the command line does.
	for _, args := range [][]string{{"/usr/sbin/poweroff", "-x"}, {"./poweroff", "-x"}, {"ros", "poweroff", "-x"}} {
		if code := run(args); code != 2 {
			t.Errorf("%v: code %d", args, code)
		}
	}
	if code := run([]string{"/usr/bin/ros", "-v"}); code != 0 {
		t.Errorf("ros -v: code %d", code)
	}
}
