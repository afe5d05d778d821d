package state

import (
	"fmt"
	"strings"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/gpt"
	"rancheros-kit/init/internal/kmsg"
)

// unformatted looks for the state partition of a disk image that has not been started before: it has the label's name in its partition
// table, and a mark that goes when the file system is there. It is stretched to the end of its disk and formatted. A boot that power ended
// before the mark was gone does it again.
func unformatted(cfg config.State) (path string, err error) {
	name, labelled := strings.CutPrefix(cfg.Dev, "LABEL=")
	if !labelled {
		return "", nil
	}
	places, err := blockdev.Host.Partitions()
	if err != nil {
		return "", err
	}
	for _, place := range places {
		if place.Label != name || place.Attributes&gpt.Unformatted == 0 {
			continue
		}
		kmsg.Info("making the state file system on %s", place.Path)
		if err := prepare(place, cfg); err != nil {
			return "", fmt.Errorf("making the state file system on %s: %w", place.Path, err)
		}
		return place.Path, nil
	}
	return "", nil
}

func prepare(place blockdev.Place, cfg config.State) error {
	stretch := func(table *gpt.Table, _ *gpt.Partition, size int64) error {
		// The copy of the table at the disk's old end is of no use, so it is written anew in any case.
		_, err := table.Stretch(place.Number, size)
		return err
	}
	if err := gpt.Change(place.Disk, place.Number, stretch); err != nil {
		// A partition that can not grow is as large as it is.
		kmsg.Error("the state partition keeps its size: %v", err)
	}
	if _, _, err := format(place.Path, cfg); err != nil {
		return err
	}
	return gpt.Change(place.Disk, place.Number, func(_ *gpt.Table, part *gpt.Partition, _ int64) error {
		part.Attributes &^= gpt.Unformatted
		return nil
	})
}
