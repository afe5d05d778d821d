package boot

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/state"
)

// mountOEM is a phase of both stages: /usr is another tree then. The vendor's configuration may say what the state is.
func mountOEM(m *Machine) error {
	mounted, err := state.MountOEM(m.Config.Rancher.State, oemMount)
	if !mounted || err != nil {
		return err
	}
	return loadConfig(m)
}

var oemMount = filepath.Dir(config.OEMConfigFile)

// unmountOEM is before /usr is copied, so that the vendor's files do not come along.
func unmountOEM(*Machine) error {
	err := unix.Unmount(oemMount, 0)
	if err == nil || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return fmt.Errorf("unmounting %s: %w", oemMount, err)
}

// bootMount is where the file system with kernel and boot loader is seen, when it is not the state's own.
const bootMount = "/boot"

func mountBoot(m *Machine) error {
	return state.MountBoot(m.Config.Rancher.State, bootMount)
}
