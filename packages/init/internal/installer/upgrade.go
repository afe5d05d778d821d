package installer

import (
	"errors"
	"fmt"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/bootvolume"
)

// upgrade puts a newer system beside those of the disk that the machine runs from, and lets it be tried.
func upgrade(s session, given options) error {
	place, err := bootvolume.Find(s.devices)
	if err != nil {
		return err
	}
	return s.putBeside(place, given, !given.force)
}

// replaceSystem does the same to a disk that is named, whatever its version is, and leaves its state alone but for the cloud-config.
func replaceSystem(s session, given options) error {
	place, state, err := s.installed(given)
	if err != nil {
		return err
	}
	files, err := readFiles(given)
	if err != nil {
		return err
	}
	if err := s.putBeside(place, given, false); err != nil || given.plan {
		return err
	}
	return putFiles(state, files)
}

// installed finds the partitions of an installed system on the disk that is named.
func (s session) installed(given options) (boot blockdev.Place, state string, err error) {
	places, err := s.devices.Partitions()
	if err != nil {
		return boot, "", err
	}
	for _, place := range places {
		if given.device != "" && place.Disk != s.device(given.device) {
			continue
		}
		switch {
		case place.Label == bootvolume.PartitionName && boot.Path == "":
			boot = place
		case given.partition == "" && place.Label == bootvolume.StateName && state == "", place.Path == s.device(given.partition):
			state = place.Path
		}
	}
	if boot.Path == "" || state == "" {
		return boot, "", fmt.Errorf("%s%s has no installed system (partitions %s and %s): -t generic makes one", given.device, given.partition, bootvolume.PartitionName, bootvolume.StateName)
	}
	return boot, state, nil
}

func (s session) putBeside(place blockdev.Place, given options, newer bool) (err error) {
	from, err := s.openSource(given.dist)
	if err != nil {
		return err
	}
	defer from.close()
	if !given.plan {
		s.repairVolume(place.Path)
	}
	volume, err := bootvolume.Mount(place.Path, bootMount, given.plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, volume.Unmount()) }()
	selection, err := volume.Selection()
	if err != nil {
		return fmt.Errorf("%s: %w", place.Path, err)
	}
	current, err := volume.System(selection.Current)
	if err != nil {
		return err
	}
	if newer && compare(from.Version, current.Version) <= 0 {
		return fmt.Errorf("%s is not newer than %s, which is installed; --force takes it", from.Version, current.Version)
	}
	s.say("RancherOS %s on %s: %s is put beside it", current.Version, place.Disk, from.Version)
	if given.plan {
		return nil
	}
	folder, err := volume.Upgrade(from.Content, given.arguments)
	if err != nil {
		return err
	}
	s.say("the next start tries %s; if it does not come up, the one after that is %s again", folder, selection.Current)
	return nil
}
