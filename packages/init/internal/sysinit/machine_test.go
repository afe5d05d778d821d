package sysinit

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/enginetest"
	"rancheros-kit/init/internal/images"

	"github.com/docker/docker/api/types/container"
)

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

const osConfig = `
rancher:
  environment: {A: b}
  network: {http_proxy: http://p}
  cloud_init_services: {cloud-init: {image: i}}
  services: {console: {image: c}}
  sysctl: {kernel.one: 1}
  cloud_init: {datasources: [cmdline]}
`

func TestServices(t *testing.T) {
	for line, want := range map[string][]string{
		"quiet":                                {"console"},
		"quiet cloud-config-url=http://x/c":    {"cloud-init", "console"},
		"rancher.cloud_init.datasources=[ec2]": {"cloud-init", "console"},
	} {
		root := t.TempDir()
		put(t, filepath.Join(root, config.OSConfigFile), osConfig)
		services, variables := newMachine(root, line).services()
		if names := slices.Sorted(maps.Keys(services)); !slices.Equal(names, want) {
			t.Errorf("%s: services %v, want %v", line, names, want)
		}
		if variables["A"] != "b" || variables["HTTP_PROXY"] != "http://p" {
			t.Errorf("%s: variables %v", line, variables)
		}
	}
}

func TestReload(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, config.OSConfigFile), osConfig)
	for _, name := range []string{"one", "two"} {
		put(t, filepath.Join(root, "proc/sys/kernel", name), "0")
	}
	machine := newMachine(root, "cloud-config-url=http://x/c")
	machine.sysctl()
	put(t, filepath.Join(root, config.BootFile), "rancher: {services: {added: {image: a}}, sysctl: {kernel.two: 2}, environment: {A: c}}")
	services, variables := machine.reload()
	if names := slices.Sorted(maps.Keys(services)); !slices.Equal(names, []string{"added", "cloud-init", "console"}) || variables["A"] != "c" || !machine.reloaded {
		t.Errorf("services %v, variables %v", names, variables)
	}
	for name, want := range map[string]string{"one": "1", "two": "2"} {
		if content, _ := os.ReadFile(filepath.Join(root, "proc/sys/kernel", name)); string(content) != want {
			t.Errorf("%s is %q, want %q", name, content, want)
		}
	}
}

func TestExecute(t *testing.T) {
	docker := enginetest.Start(t)
	root := t.TempDir()
	enginetest.Tarball(t, filepath.Join(root, "usr/share/ros/images.tar"), "x/y:1")
	ctx := context.Background()
	if _, err := images.LoadAll(ctx, docker, root); err != nil {
		t.Fatal(err)
	}
	created, err := docker.ContainerCreate(ctx, &container.Config{Image: "x/y:1"}, &container.HostConfig{NetworkMode: "none"}, nil, nil, consoleService)
	if err != nil {
		t.Fatal(err)
	}
	if err := docker.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := execute(ctx, docker, consoleService, []string{"/program", "0"}); err != nil {
		t.Error(err)
	}
	if err := execute(ctx, docker, consoleService, []string{"/program", "3"}); err == nil || !strings.Contains(err.Error(), "/program 3: exit code 3") {
		t.Errorf("error %v", err)
	}
	if err := execute(ctx, docker, "absent", []string{"/program", "0"}); err == nil || !strings.Contains(err.Error(), "No such container") {
		t.Errorf("error %v", err)
	}
}

// The program of the test ends at SIGHUP; docker must still start its container again.
func TestRereadConsole(t *testing.T) {
	docker := enginetest.Start(t)
	root := t.TempDir()
	enginetest.Tarball(t, filepath.Join(root, "usr/share/ros/images.tar"), "x/y:1")
	ctx := context.Background()
	if _, err := images.LoadAll(ctx, docker, root); err != nil {
		t.Fatal(err)
	}
	restarts := func(name, program string) func() int {
		t.Helper()
		always := &container.HostConfig{NetworkMode: "none", RestartPolicy: container.RestartPolicy{Name: "always"}}
		created, err := docker.ContainerCreate(ctx, &container.Config{Image: "x/y:1", Entrypoint: []string{program}, Env: []string{"PATH=/"}}, always, nil, nil, name)
		if err != nil {
			t.Fatal(err)
		}
		var links bytes.Buffer
		archive := tar.NewWriter(&links)
		header := tar.Header{Typeflag: tar.TypeSymlink, Name: consoleProgram, Linkname: "/program", Mode: 0o777}
		if err := errors.Join(archive.WriteHeader(&header), archive.Close()); err != nil {
			t.Fatal(err)
		}
		if err := docker.CopyToContainer(ctx, created.ID, "/", &links, container.CopyToContainerOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := docker.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
			t.Fatal(err)
		}
		return func() int {
			t.Helper()
			inspected, err := docker.ContainerInspect(ctx, created.ID)
			if err != nil {
				t.Fatal(err)
			}
			if inspected.Path != program {
				t.Fatalf("the container runs %q, not %q", inspected.Path, program)
			}
			return inspected.RestartCount
		}
	}
	count := restarts(consoleService, consoleProgram)
	time.Sleep(time.Second)
	if count() != 0 {
		t.Fatal("the test's console ends by itself")
	}
	if err := rereadConsole(ctx, docker); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); count() != 1; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the console was started %d times again, want 1", count())
		}
	}
	if err := docker.ContainerRemove(ctx, consoleService, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	other := restarts(consoleService, "program")
	if err := rereadConsole(ctx, docker); err != nil || other() != 0 {
		t.Errorf("another console: %v, restarts %d", err, other())
	}
}

func TestTail(t *testing.T) {
	var output tail
	for range maxTold {
		if n, err := output.Write([]byte("ab")); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(output) != maxTold {
		t.Errorf("%d bytes are kept", len(output))
	}
}

func TestUnshared(t *testing.T) {
	got := unshared(config.Service{Volumes: []string{"/mnt:/mnt:shared", "/a:/a:ro,rslave", "/shared:/shared", "/b"}}).Volumes
	if want := []string{"/mnt:/mnt", "/a:/a:ro", "/shared:/shared", "/b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
