package control

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/images"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/version"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"golang.org/x/sys/unix"
)

const (
	defaultInstaller = "rancher/os"
	// isoLabel is the volume of the medium that a live system runs from, which carries the installer's image.
	isoLabel = "RancherOS"
	isoMount = "/run/ros/iso"
)

// carried is where the installer's image may lie as a tarball, on the machine and on the medium.
var carried = []string{"/usr/share/ros/installer*.tar*", isoMount + "/rancheros/installer*.tar*", isoMount + "/rancheros/rancher-os-*.tar*"}

// installerImage is the image of the version that runs, unless the configuration or the user names another.
func installerImage(cfg *config.Config, named string) string {
	if named != "" {
		return named
	}
	image := cfg.Rancher.Upgrade.Image
	if image == "" {
		image = defaultInstaller
	}
	return image + ":" + version.Version
}

// obtainInstaller makes the installer's image be in system docker: it may be there, lie on the medium, or be pulled.
func (s *session) obtainInstaller(ctx context.Context, docker *client.Client, image string, cfg *config.Config) error {
	if _, err := docker.ImageInspect(ctx, image); err == nil {
		return nil
	}
	unmount, err := mountMedium()
	if err != nil {
		s.say("warning: %v", err)
	}
	defer unmount()
	for _, pattern := range carried {
		paths, err := filepath.Glob(filepath.Join(s.root, pattern))
		if err != nil {
			return err
		}
		for _, path := range paths {
			s.say("loading %s", path)
			if err := images.LoadFile(ctx, docker, path); err != nil {
				s.say("warning: %v", err)
			}
		}
	}
	if _, err := docker.ImageInspect(ctx, image); err == nil {
		return nil
	}
	return s.pull(ctx, docker, image, cfg)
}

// mountMedium mounts the medium of a live system, where there is one.
func mountMedium() (unmount func(), err error) {
	nothing := func() {}
	device, err := blockdev.Host.Find("LABEL=" + isoLabel)
	if errors.Is(err, blockdev.ErrNotFound) {
		return nothing, nil
	}
	if err != nil {
		return nothing, err
	}
	if err := os.MkdirAll(isoMount, 0o755); err != nil {
		return nothing, err
	}
	if err := unix.Mount(device.Path, isoMount, "iso9660", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return nothing, fmt.Errorf("mounting %s: %w", device.Path, err)
	}
	return func() { _ = unix.Unmount(isoMount, unix.MNT_DETACH) }, nil
}

// installerRun is one run of the installer's image.
type installerRun struct {
	name, image string
	// args are those of its entrypoint, lay-down-os.
	args []string
	// files are put into the container before it starts, by their paths there.
	files map[string][]byte
}

// run shows what the installer says, and fails as it does. The machine's /dev is at /host/dev in the container.
func (r installerRun) run(ctx context.Context, s *session, docker *client.Client) error {
	inspected, err := docker.ImageInspect(ctx, r.image)
	if err != nil {
		return fmt.Errorf("looking at the installer %s: %w", r.image, err)
	}
	// Else the kernel would say "exec format error", and not of what.
	if inspected.Architecture != "" && inspected.Architecture != runtime.GOARCH {
		return fmt.Errorf("the installer %s is for %s, and this machine is %s", r.image, inspected.Architecture, runtime.GOARCH)
	}
	_ = docker.ContainerRemove(ctx, r.name, container.RemoveOptions{Force: true})
	created, err := docker.ContainerCreate(ctx,
		&container.Config{Image: r.image, Cmd: r.args, Tty: false},
		&container.HostConfig{Privileged: true, NetworkMode: "host", PidMode: "host", Binds: []string{"/dev:/host/dev"}}, nil, nil, r.name)
	if err != nil {
		return fmt.Errorf("creating the installer's container: %w", err)
	}
	defer func() {
		_ = docker.ContainerRemove(context.WithoutCancel(ctx), created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}()
	for path, content := range r.files {
		if err := put(ctx, docker, created.ID, path, content); err != nil {
			return err
		}
	}
	if err := docker.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("starting the installer: %w", err)
	}
	logs, err := docker.ContainerLogs(ctx, created.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return fmt.Errorf("following the installer: %w", err)
	}
	defer logs.Close()
	if _, err := stdcopy.StdCopy(s.stdout, s.stderr, logs); err != nil {
		return fmt.Errorf("following the installer: %w", err)
	}
	exited, failed := docker.ContainerWait(ctx, created.ID, container.WaitConditionNotRunning)
	select {
	case ended := <-exited:
		if ended.StatusCode != 0 {
			return fmt.Errorf("the installer ended with exit code %d", ended.StatusCode)
		}
		return nil
	case err := <-failed:
		return fmt.Errorf("waiting for the installer: %w", err)
	}
}

// put writes one file into a container.
func put(ctx context.Context, docker *client.Client, id, path string, content []byte) error {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := tar.Header{Name: strings.TrimPrefix(path, "/"), Mode: 0o600, Size: int64(len(content))}
	if err := writer.WriteHeader(&header); err != nil {
		return err
	}
	if _, err := writer.Write(content); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	if err := docker.CopyToContainer(ctx, id, "/", &archive, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("giving the installer %s: %w", path, err)
	}
	return nil
}

// restartMachine asks, unless it is forced, and restarts.
func (s *session) restartMachine(force bool) error {
	if !force && !s.confirm("Restart the machine now?") {
		return nil
	}
	if code := power.Main([]string{"reboot"}); code != 0 {
		return errors.New("restarting the machine failed")
	}
	return nil
}
