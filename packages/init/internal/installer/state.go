package installer

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/bootvolume"
	"rancheros-kit/init/internal/config"
)

// machineRoot is the root of PID 1, for a container that has the machine's processes: its own image has no mke2fs.
const machineRoot = "/proc/1/root"

// makeFileSystem formats the state partition.
func (s session) makeFileSystem(device string) error {
	output, err := s.onDevice(device, "mke2fs", "-q", "-F", "-t", "ext4", "-L", bootvolume.StateName)
	if err != nil {
		return fmt.Errorf("formatting %s: %w: %s", device, err, output)
	}
	return nil
}

// repairVolume gives back what an interrupted upgrade has left on the boot volume: clusters of no file, for which there would be no room one
// day. A machine without fsck.fat, of an earlier version, goes on without. What is mounted is left alone: the kernel would write what it knew.
func (s session) repairVolume(device string) {
	if inUse(device) {
		s.say("the boot volume %s is mounted, and is not checked", device)
		return
	}
	output, err := s.onDevice(device, "fsck.fat", "-a")
	var exit *exec.ExitError
	switch {
	case errors.Is(err, os.ErrNotExist):
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		s.say("the boot volume was put right:\n%s", output)
	case err != nil:
		s.say("warning: checking the boot volume %s: %v: %s", device, err, output)
	}
}

// inUse says whether a block device is mounted, by anybody: the kernel then refuses to open it for one alone (open(2), O_EXCL).
func inUse(device string) bool {
	fd, err := unix.Open(device, unix.O_RDONLY|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return errors.Is(err, unix.EBUSY)
}

// onDevice runs a program of the machine, or of this system when it has it, with a device as its last argument; gives what it printed.
func (s session) onDevice(device, program string, args ...string) (output string, err error) {
	command := exec.Command(program, append(args, device)...)
	if errors.Is(command.Err, exec.ErrNotFound) {
		own := "/dev" + strings.TrimPrefix(device, s.devices.Dev)
		command = exec.Command("/usr/bin/"+program, append(args, own)...)
		command.Err = nil
		command.SysProcAttr = &syscall.SysProcAttr{Chroot: machineRoot}
		command.Dir = "/"
	}
	printed, err := command.CombinedOutput()
	return strings.TrimSpace(string(printed)), err
}

// file is one that the new state gets, by its path there.
type file struct {
	path    string
	content []byte
	mode    os.FileMode
}

// readFiles reads the cloud-config and the additional files before anything is written.
func readFiles(given options) ([]file, error) {
	root := filepath.Clean("/" + given.stateDir)
	var files []file
	if given.cloudConfig != "" {
		content, err := os.ReadFile(given.cloudConfig)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(root, config.CloudConfigDir, filepath.Base(given.cloudConfig))
		files = append(files, file{path, content, 0o600})
	}
	for _, pair := range strings.Split(given.files, ",") {
		if pair == "" {
			continue
		}
		from, to, found := strings.Cut(pair, ":")
		if !found || to == "" {
			return nil, fmt.Errorf("-f %s: want source:target", pair)
		}
		info, err := os.Stat(from)
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Join(root, filepath.Clean("/"+to)), content, info.Mode().Perm()})
	}
	return files, nil
}

// putFiles writes files into the file system of a device.
func putFiles(device string, files []file) (err error) {
	if len(files) == 0 {
		return nil
	}
	if err := os.MkdirAll(stateMount, 0o700); err != nil {
		return err
	}
	if err := unix.Mount(device, stateMount, "ext4", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting the state partition %s: %w", device, err)
	}
	defer func() { err = errors.Join(err, unix.Unmount(stateMount, 0)) }()
	for _, file := range files {
		path := filepath.Join(stateMount, file.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.content, file.mode); err != nil {
			return err
		}
	}
	root, err := os.Open(stateMount)
	if err != nil {
		return err
	}
	defer root.Close()
	return unix.Syncfs(int(root.Fd()))
}
