package console

import (
	"slices"
	"strings"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/respawn"
)

// virtualTerminals are those that have a login, as in RancherOS.
var virtualTerminals = []string{"tty1", "tty2", "tty3", "tty4", "tty5", "tty6"}

// terminals are the consoles of the kernel command line and the first virtual terminals, where the devices are there.
// tty0 is whichever terminal is shown, so no login can stand on it.
func terminals(line string, exists func(path string) bool) []string {
	var names []string
	for _, name := range append(cmdline.Consoles(line), virtualTerminals...) {
		if name != "tty0" && name != "tty" && !slices.Contains(names, name) && exists("/dev/"+name) {
			names = append(names, name)
		}
	}
	return names
}

// gettys are the login programs of terminals; on those of autologin rancher is logged in without being asked.
func gettys(terminals, autologin []string) []respawn.Program {
	var programs []respawn.Program
	for _, name := range terminals {
		args := []string{"/sbin/agetty"}
		if slices.Contains(autologin, name) {
			args = append(args, "--autologin", user)
		}
		if isVirtual(name) {
			args = append(args, "--noclear", name, "linux")
		} else {
			args = append(args, "--local-line", "--keep-baud", "115200,57600,38400,9600", name, "vt220")
		}
		programs = append(programs, respawn.Program{Args: args})
	}
	return programs
}

// isVirtual tells tty1 from ttyS0, ttyAMA0 and hvc0.
func isVirtual(name string) bool {
	number, isTTY := strings.CutPrefix(name, "tty")
	return isTTY && number != "" && strings.Trim(number, "0123456789") == ""
}
