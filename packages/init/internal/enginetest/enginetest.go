// Package enginetest gives tests a Docker daemon of their own and an image to run in it.
package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"rancheros-kit/init/internal/engine"

	"github.com/docker/docker/client"
)

// Start runs dockerd until the test ends. It needs root and the program dockerd.
func Start(t *testing.T) *client.Client {
	t.Helper()
	docker, stop := StartOn(t, "")
	t.Cleanup(stop)
	return docker
}

// StartOn runs dockerd on a data root that outlives it, until stop is called. An empty path is a data root that ends with
// the daemon.
func StartOn(t *testing.T, dataRoot string) (docker *client.Client, stop func()) {
	t.Helper()
	program, err := exec.LookPath("dockerd")
	if err != nil {
		t.Fatal("this test needs dockerd: install the Debian package docker.io")
	}
	if os.Getuid() != 0 {
		t.Fatal("this test needs root, to run dockerd")
	}
	// Not t.TempDir: the path of a socket can have 107 bytes.
	directory, err := os.MkdirTemp("", "ros")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(directory, "docker.sock")
	if dataRoot == "" {
		dataRoot = filepath.Join(directory, "data")
	}
	daemon := exec.Command(program, "--data-root", dataRoot, "--exec-root", filepath.Join(directory, "exec"),
		"--host", "unix://"+socket, "--pidfile", filepath.Join(directory, "pid"), "--iptables=false", "--ip6tables=false", "--bridge=none")
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { endDaemon(t, daemon, directory) }
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	docker, err = engine.Wait(ctx, socket)
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		end()
		t.Fatalf("%v; dockerd's log:\n%s", err, text)
	}
	return docker, func() {
		_ = docker.Close()
		end()
	}
}

func endDaemon(t *testing.T, daemon *exec.Cmd, directory string) {
	if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping dockerd: %v", err)
	}
	_ = daemon.Wait()
	_ = os.RemoveAll(directory)
}

// Tarball writes a docker-save tarball of one image whose only file is a static program: `/program sleep` and
// `/program CODE`. Equal tags give equal bytes.
func Tarball(t *testing.T, path string, tags ...string) {
	t.Helper()
	layer := archive(t, file{"program", program(t), 0o755})
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/program"}, "Cmd": []string{"sleep"}, "Labels": map[string]string{"tag": tags[0]}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	name := digest(config) + ".json"
	manifest, err := json.Marshal([]map[string]any{{"Config": name, "RepoTags": tags, "Layers": []string{"layer.tar"}}})
	if err != nil {
		t.Fatal(err)
	}
	content := archive(t, file{"manifest.json", manifest, 0o644}, file{name, config, 0o644}, file{"layer.tar", layer, 0o644})
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

type file struct {
	name    string
	content []byte
	mode    int64
}

func archive(t *testing.T, files ...file) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	for _, file := range files {
		if err := writer.WriteHeader(&tar.Header{Name: file.name, Size: int64(len(file.content)), Mode: file.mode}); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write(file.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// program builds testdata/program without cgo, so that it runs where nothing else is.
func program(t *testing.T) []byte {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	target := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", target, "./testdata/program")
	build.Dir = filepath.Dir(here)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the test image's program: %v\n%s", err, output)
	}
	content, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
