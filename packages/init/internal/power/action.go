// Package power ends the machine: the commands poweroff, reboot, halt and shutdown, and what PID 1 does for them.
package power

import (
	"os"

	"golang.org/x/sys/unix"
)

// Action is a way to end the machine.
type Action struct {
	Name string
	// Signal asks PID 1 for it, by the convention of busybox init.
	Signal unix.Signal
	// Command is that of reboot(2).
	Command int
}

// The three ways.
var (
	PowerOff = Action{"poweroff", unix.SIGUSR2, unix.LINUX_REBOOT_CMD_POWER_OFF}
	Halt     = Action{"halt", unix.SIGUSR1, unix.LINUX_REBOOT_CMD_HALT}
	Reboot   = Action{"reboot", unix.SIGTERM, unix.LINUX_REBOOT_CMD_RESTART}
)

// ForSignal is what PID 1 does on a signal; SIGINT is Ctrl-Alt-Del.
func ForSignal(received os.Signal) (Action, bool) {
	switch received {
	case unix.SIGINT:
		return Reboot, true
	case PowerOff.Signal:
		return PowerOff, true
	case Halt.Signal:
		return Halt, true
	case Reboot.Signal:
		return Reboot, true
	}
	return Action{}, false
}
