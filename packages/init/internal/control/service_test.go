package control

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/engine"
	"rancheros-kit/init/internal/enginetest"
	"rancheros-kit/init/internal/images"
)

const services = `
rancher:
  environment: {GREETING: hello}
  services:
    holder: {image: "rancher/os-test:v1", net: none, labels: {io.rancher.os.scope: system, io.rancher.os.createonly: "true"}}
    runner: {image: "rancher/os-test:v1", net: none, volumes_from: [holder], environment: [GREETING], labels: {io.rancher.os.scope: system}}
    other: {image: "rancher/os-test:v1", net: none, labels: {io.rancher.os.scope: system}}
    broken: {image: "127.0.0.1:1/os-absent:v1", labels: {io.rancher.os.scope: system}}
`

func TestServiceCommands(t *testing.T) {
	docker := enginetest.Start(t)
	root, err := os.MkdirTemp("", "ros")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	enginetest.Tarball(t, filepath.Join(root, "usr/share/ros/images.tar"), "rancher/os-test:v1")
	if _, err := images.LoadAll(context.Background(), docker, root); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, config.OSConfigFile), []byte(services), 0o644); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(root, engine.SystemSocket)
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.TrimPrefix(docker.DaemonHost(), "unix://"), socket); err != nil {
		t.Fatal(err)
	}
	running := func(name string) bool {
		found, err := docker.ContainerInspect(context.Background(), name)
		return err == nil && found.State.Running
	}

	must(t, root, "", "service", "up", "runner")
	if !running("runner") || running("other") {
		t.Error("up runner: runner and what it needs must be there, nothing else")
	}
	code, _, stderr := ros(root, "", "service", "up")
	if code != 1 || !strings.Contains(stderr, `service broken: image "127.0.0.1:1/os-absent:v1" is not on this machine`) || !strings.Contains(stderr, "1 of 4 services failed") {
		t.Errorf("up: exit code %d, %q", code, stderr)
	}
	if !running("other") {
		t.Error("up: other does not run although only broken failed")
	}
	if got := must(t, root, "", "service", "logs", "runner"); !strings.Contains(got, "GREETING=hello\n") {
		t.Errorf("logs: %q", got)
	}
	must(t, root, "", "service", "stop", "-t", "1", "runner", "other")
	if running("runner") || running("other") {
		t.Error("stop: still running")
	}
	must(t, root, "", "service", "start", "runner")
	must(t, root, "", "service", "restart", "-t", "1", "other")
	if !running("runner") || !running("other") {
		t.Error("start and restart: not running")
	}
	table := must(t, root, "", "s", "ps")
	for _, line := range []string{"NAME", "holder   Created", "other    Up", "runner   Up"} {
		if !strings.Contains(table, line) {
			t.Errorf("ps has no %q:\n%s", line, table)
		}
	}
	if code, _, stderr := ros(root, "", "service", "restart", "absent"); code != 1 || stderr != "ros: no such service: absent\n" {
		t.Errorf("restart absent: exit code %d, %q", code, stderr)
	}
	if code, _, stderr := ros(root, "", "service", "up", "absent"); code != 1 || stderr != "ros: no such service: absent\n" {
		t.Errorf("up absent: exit code %d, %q", code, stderr)
	}
}
