package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/imagestore"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/switchroot"
)

// imageLayersFile carries the new image layers over to stage two, one directory a line.
const imageLayersFile = "/run/ros/image-layers"

// installImages brings the initramfs's images into system docker's data root of the new root. A root that is the
// initramfs itself has them in place.
func installImages(m *Machine) error {
	if m.root.Kept {
		return nil
	}
	onDisk := m.state.Device != ""
	options := imagestore.Options{
		Source: imagestore.DataRoot,
		Target: filepath.Join(m.root.Root, imagestore.DataRoot),
		Always: m.Config.Rancher.RmUsr,
		Move:   !onDisk,
		Warn:   func(damage error) { kmsg.Error("images: %v", damage) },
	}
	copied, err := imagestore.Install(options)
	if onDisk && errors.Is(err, unix.ENOSPC) && switchroot.MakeRoom(m.root.Root) {
		kmsg.Info("the state disk is full: /usr trees of before were deleted")
		copied, err = imagestore.Install(options)
	}
	if onDisk && err != nil {
		kmsg.Error("system images do not get onto the state disk (%v): in this boot system docker keeps its images and containers in memory", err)
		return imagesInMemory(options)
	}
	if len(copied) == 0 || !onDisk {
		return err
	}
	kmsg.Info("%d layers of system images copied to the state disk", len(copied))
	for i := range copied {
		copied[i] = strings.TrimPrefix(copied[i], m.root.Root)
	}
	return errors.Join(err, m.Record.Save(), os.WriteFile(imageLayersFile, []byte(strings.Join(copied, "\n")), 0o600))
}

// imagesInMemory puts the images into a file system in memory over the data root on the disk, so that a disk that is full or broken
// still gives a machine that can be looked at. Nothing on the disk is changed, the next boot tries it again.
func imagesInMemory(options imagestore.Options) error {
	if err := unix.Mount("tmpfs", options.Target, "tmpfs", unix.MS_NOATIME, "mode=710"); err != nil {
		return fmt.Errorf("mounting a file system in memory on %s: %w", options.Target, err)
	}
	options.Move = true
	_, err := imagestore.Install(options)
	return err
}

// commitImages marks new image layers as complete once they are on the disk; nothing waits for that.
func commitImages(m *Machine) {
	layers, err := os.ReadFile(imageLayersFile)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	end := m.Record.Begin("commit-images")
	if err == nil {
		err = syncFileSystem(imagestore.DataRoot)
	}
	if err == nil {
		err = imagestore.Commit(strings.Split(string(layers), "\n"))
	}
	if err == nil {
		err = os.Remove(imageLayersFile)
	}
	if err != nil {
		kmsg.Error("system images stay unconfirmed, the next boot copies them again: %v", err)
	}
	end(err)
	saveRecord(m)
}

func syncFileSystem(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("writing %s to the disk: %w", path, err)
	}
	return nil
}
