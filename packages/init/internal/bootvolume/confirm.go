package bootvolume

import (
	"errors"
	"fmt"
	"os"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/cmdline"
)

const (
	// folderArgument tells the kernel's folder.
	folderArgument = "ros.boot"
	mountPoint     = "/run/ros/boot"
	firmwareDir    = "/sys/firmware/efi"
)

// UEFI says whether this machine's firmware is of that kind.
func UEFI() bool {
	_, err := os.Stat(firmwareDir)
	return err == nil
}

// With mounts the machine's boot volume and unmounts it after use.
func With(finder blockdev.Finder, readOnly bool, use func(v Volume) error) (err error) {
	place, err := Find(finder)
	if err != nil {
		return err
	}
	volume, err := Mount(place.Path, mountPoint, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, volume.Unmount()) }()
	return use(volume)
}

// Confirm is told by a boot that has come up. The system that runs becomes the current one if it was tried; when another was to be tried
// and this one runs, that one did not come up and is taken from the menu. The message says what happened, if anything did.
func Confirm(finder blockdev.Finder, commandLine string, uefi bool) (message string, err error) {
	running, found := cmdline.Value(commandLine, folderArgument)
	if !found {
		return "", nil
	}
	changed := Selection{}
	err = With(finder, true, func(v Volume) (err error) {
		changed, message, err = v.judge(running, uefi)
		return err
	})
	if err != nil || changed == (Selection{}) {
		return message, err
	}
	return message, With(finder, false, func(v Volume) error {
		// The word that asks for a trial goes first: without its entry in the menu it would mean nothing, but it would stay.
		return errors.Join(v.SetOnce(false), v.Select(changed))
	})
}

// judge gives the selection that follows from what runs; the zero value when nothing changes.
func (v Volume) judge(running string, uefi bool) (Selection, string, error) {
	selection, err := v.Selection()
	if err != nil || selection.Trial == "" {
		return Selection{}, "", err
	}
	if running == selection.Trial {
		return Selection{Current: running, Previous: selection.Current}, fmt.Sprintf("%s has come up and is the current system now, %s the previous one", running, selection.Current), nil
	}
	ahead, err := v.Once(uefi)
	if err != nil || ahead {
		return Selection{}, "", err
	}
	return Selection{Current: selection.Current, Previous: selection.Previous}, fmt.Sprintf("%s did not come up: %s runs again", selection.Trial, running), nil
}

// Rollback makes the previous system the current one, and the other way round.
func (v Volume) Rollback() (Selection, error) {
	selection, err := v.Selection()
	if err != nil {
		return Selection{}, err
	}
	if selection.Previous == "" {
		return Selection{}, errors.New("there is no previous system to go back to")
	}
	back := Selection{Current: selection.Previous, Previous: selection.Current}
	return back, errors.Join(v.SetOnce(false), v.Select(back))
}
