package control

import (
	"fmt"
	"os"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/bootvolume"
)

// osRollback makes the version before the one that starts by itself; nothing is restarted.
func osRollback(s *session, _ []string) error {
	return bootvolume.With(hostDevices(), false, func(v bootvolume.Volume) error {
		now, err := v.Rollback()
		if err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "the next start is %s; %s stays in the boot menu\n", now.Current, now.Previous)
		return nil
	})
}

// hostDevices looks through the machine's devices, which the console has below /host.
func hostDevices() blockdev.Finder {
	finder := blockdev.Host
	if info, err := os.Stat("/host/dev"); err == nil && info.IsDir() {
		finder.Dev = "/host/dev"
	}
	return finder
}
