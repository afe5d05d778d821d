package installer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/bootvolume"
)

const (
	payloadDir = "rancheros"
	// mediumLabel is the volume of the ISO, which has the kernel and the initrd that its own installer image leaves out.
	mediumLabel = "RancherOS"
	mediumMount = "/run/ros/medium"
)

// source is what is installed.
type source struct {
	bootvolume.Content
	// bootCode and volume are gptmbr.bin, which may be missing, and the start of the boot volume, compressed.
	bootCode, volume string
	close            func()
}

// openSource finds the parts of a system below a folder. What an image on the ISO leaves out is on the ISO; that it belongs to this very
// build its digest will prove.
func (s session) openSource(dist string) (source, error) {
	payload := filepath.Join(dist, payloadDir)
	system, err := bootvolume.ReadSystem(payload)
	if errors.Is(err, os.ErrNotExist) {
		return source{}, fmt.Errorf("%s has no system to install: %w", dist, err)
	}
	if err != nil {
		return source{}, err
	}
	if system.Arch != runtime.GOARCH {
		return source{}, fmt.Errorf("this is RancherOS %s for %s, and the machine is %s", system.Version, system.Arch, runtime.GOARCH)
	}
	found := source{
		Content:  bootvolume.Content{System: system, Menu: filepath.Join(payload, "menu")},
		bootCode: filepath.Join(payload, "gptmbr.bin"), volume: filepath.Join(payload, "boot.img.gz"),
		close: func() {},
	}
	for _, folder := range []string{dist, filepath.Join(dist, "boot")} {
		if found.take(folder) {
			return found, nil
		}
	}
	media, err := s.devices.Labelled(mediumLabel)
	if err != nil {
		return source{}, err
	}
	for _, medium := range media {
		unmount, err := mountMedium(medium.Path)
		if err != nil {
			s.say("warning: %v", err)
			continue
		}
		// A medium that was customized has another initrd, and says so.
		if own, err := bootvolume.ReadSystem(filepath.Join(mediumMount, payloadDir)); err == nil && own.Version == system.Version && own.Arch == system.Arch {
			found.System = own
		}
		if found.take(filepath.Join(mediumMount, "boot")) {
			found.close = unmount
			return found, nil
		}
		unmount()
		found.System = system
	}
	return source{}, fmt.Errorf("the kernel of RancherOS %s is neither in %s nor on a medium named %s", system.Version, dist, mediumLabel)
}

// take uses the kernel and the initrd of a folder, if they are there and as large as they should be.
func (f *source) take(folder string) bool {
	f.VmlinuzPath, f.InitrdPath = filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "initrd")
	kernel, err := os.Stat(f.VmlinuzPath)
	if err != nil {
		return false
	}
	initrd, err := os.Stat(f.InitrdPath)
	return err == nil && kernel.Size() == f.Vmlinuz.Size && initrd.Size() == f.Initrd.Size
}

func mountMedium(device string) (unmount func(), err error) {
	if err := os.MkdirAll(mediumMount, 0o700); err != nil {
		return nil, err
	}
	if err := unix.Mount(device, mediumMount, "iso9660", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return nil, fmt.Errorf("the medium %s can not be mounted: %w", device, err)
	}
	return func() { _ = unix.Unmount(mediumMount, unix.MNT_DETACH) }, nil
}
