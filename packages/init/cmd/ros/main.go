// Command ros is the whole user space of RancherOS: PID 1 as /init, and by other names the commands of the machine.
package main

import (
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/boot"
	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/console"
	"rancheros-kit/init/internal/control"
	"rancheros-kit/init/internal/hostdev"
	"rancheros-kit/init/internal/installer"
	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/netconf"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/recovery"
	"rancheros-kit/init/internal/respawn"
	"rancheros-kit/init/internal/sysinit"
	"rancheros-kit/init/internal/userdocker"
)

// commands are the names that this program is called by, each also the first argument of `ros`. Whatever else it is
// called is the command line `ros`.
var commands = map[string]func(args []string) int{
	"init":             boot.Main,
	"sysinit":          sysinit.Main,
	"ros-sysinit":      sysinit.Main,
	"entrypoint":       hostdev.Main,
	"cloud-init":       cloudinit.Main,
	"system-docker":    control.SystemDocker,
	"console-init":     console.Main,
	"netconf":          netconf.Main,
	"user-docker":      userdocker.Main,
	"dockerlaunch":     userdocker.LaunchMain,
	"wait-for-docker":  userdocker.WaitMain,
	"wait-for-network": netconf.WaitMain,
	"recovery":         recovery.Main,
	"respawn":          respawn.Main,
	"modprobe":         kmod.Modprobe,
	"lay-down-os":      installer.Main,
	"poweroff":         power.Main,
	"reboot":           power.Main,
	"halt":             power.Main,
	"shutdown":         power.Main,
}

func main() {
	os.Exit(run(os.Args))
}

func run(args []string) int {
	if command, found := commands[filepath.Base(args[0])]; found {
		return command(args)
	}
	if len(args) > 1 {
		if command, found := commands[args[1]]; found {
			return command(args[1:])
		}
	}
	return control.Main(args)
}
