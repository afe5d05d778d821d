// Package hostdev gives a container the machine's own /dev, in which devices come and go, in place of the copy that docker
// made when the container started.
package hostdev

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mounted is where the service system-volumes puts the machine's /dev.
const mounted = "/host/dev"

// Bind puts the machine's /dev, with all that is mounted in it, over this container's. Nothing happens where it is not there.
func Bind() error {
	if _, err := os.Stat(mounted); os.IsNotExist(err) {
		return nil
	}
	if err := unix.Mount(mounted, "/dev", "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("binding %s to /dev: %w", mounted, err)
	}
	return nil
}
