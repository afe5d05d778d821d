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
	more := filepath.Join(root, "more.yml")
	if err := os.Mkdir(filepath.Join(root, "built"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(root, "built/Dockerfile"): "FROM rancher/os-test:v1\nLABEL made=here\n",
		more:                                    "extra: {build: " + filepath.Join(root, "built") + ", net: none, environment: [GREETING], labels: {io.rancher.os.scope: system}}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	with := func(args ...string) []string { return append([]string{"service", "-f", more}, args...) }
	if code, _, stderr := ros(root, "", with("build")...); code != 0 || !strings.Contains(stderr, "LABEL made=here") {
		t.Errorf("build: %d, %q", code, stderr)
	}
	must(t, root, "", with("create", "extra")...)
	if found, err := docker.ContainerInspect(context.Background(), "extra"); err != nil || found.State.Running || found.Config.Labels["made"] != "here" {
		t.Errorf("create: %+v, %v", found.State, err)
	}
	must(t, root, "", with("up", "-d")...)
	if !running("extra") || !running("other") {
		t.Error("up -f: extra must run, and nothing else end")
	}
	if code, _, stderr := ros(root, "", "service", "rm", "extra"); code != 1 || !strings.Contains(stderr, "extra: runs; stop it first") {
		t.Errorf("rm of what runs: %d, %q", code, stderr)
	}
	if code, _, stderr := ros(root, "", "service", "port", "extra", "80"); code != 1 || !strings.Contains(stderr, "port 80/tcp is not published") {
		t.Errorf("port: %d, %q", code, stderr)
	}
	must(t, root, "", "service", "kill", "-s", "SIGTERM", "extra")
	must(t, root, "", "service", "scale", "-t", "1", "extra=0", "other=1")
	if running("extra") || !running("other") {
		t.Error("scale: extra must be stopped, other run")
	}
	must(t, root, "", "service", "rm", "-v", "extra")
	if got := must(t, root, "", "service", "ps", "-q", "extra"); got != "" {
		t.Errorf("ps of what was removed: %q", got)
	}
	if code, _, stderr := ros(root, "", "service", "restart", "rnner"); code != 1 || stderr != "ros: no such service: rnner, did you mean runner?\n" {
		t.Errorf("restart rnner: %d, %q", code, stderr)
	}
	if code, _, stderr := ros(root, "", "service", "restart", "absent"); code != 1 || stderr != "ros: no such service: absent\n" {
		t.Errorf("restart absent: exit code %d, %q", code, stderr)
	}
	if code, _, stderr := ros(root, "", "service", "up", "absent"); code != 1 || stderr != "ros: no such service: absent\n" {
		t.Errorf("up absent: exit code %d, %q", code, stderr)
	}
}

func TestIncluded(t *testing.T) {
	root := machine(t)
	boot := filepath.Join(root, config.BootFile)
	if err := os.MkdirAll(filepath.Dir(boot), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(boot, []byte("rancher: {services_include: {kept: true}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, root, "rancher: {services_include: {'http://x/y.yml': true}}", "config", "merge")
	for _, step := range []struct{ change, want string }{
		{"", "enabled  http://x/y.yml\nenabled  kept\n"},
		{"disable http://x/y.yml", "disabled http://x/y.yml\nenabled  kept\n"},
		{"delete http://x/y.yml kept", "disabled kept\n"},
	} {
		if step.change != "" {
			must(t, root, "", append([]string{"service"}, strings.Fields(step.change)...)...)
		}
		if got := must(t, root, "", "service", "list"); got != step.want {
			t.Errorf("after %q: %q, want %q", step.change, got, step.want)
		}
	}
	if code, _, stderr := ros(root, "", "service", "enable", "/etc/passwd"); code != 1 || !strings.Contains(stderr, "want a file below /var/lib/rancher/conf") {
		t.Errorf("enable of a file elsewhere: %d, %q", code, stderr)
	}
}
