// Package hostdev gives a container the machine's own /dev, in which devices come and go, in place of the copy that docker
// made when the container started.
package hostdev

import (
	"errors"
	"fmt"
	"os"

	"rancheros-kit/init/internal/cmdline"

	"golang.org/x/sys/unix"
)

// mounted is where the service system-volumes puts the machine's /dev.
const mounted = "/host/dev"

// Bind puts the machine's /dev, with all that is mounted in it, over this container's, where it is there. The
// part of the kernel command line that is hidden on the machine is hidden in the container too.
func Bind() error {
	hidden := cmdline.Hide()
	if _, err := os.Stat(mounted); os.IsNotExist(err) {
		return hidden
	}
	if err := unix.Mount(mounted, "/dev", "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return errors.Join(hidden, fmt.Errorf("binding %s to /dev: %w", mounted, err))
	}
	return hidden
}
