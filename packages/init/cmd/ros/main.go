// Command ros is the whole user space of RancherOS: PID 1 as /init, and by other names the commands of the machine.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/boot"
	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/version"
)

// commands are the names that this program is called by. Whatever is not here is the command line `ros`.
var commands = map[string]func(args []string) int{
	"init":     initMain,
	"modprobe": kmod.Modprobe,
	"poweroff": power.Main,
	"reboot":   power.Main,
	"halt":     power.Main,
	"shutdown": power.Main,
}

func main() {
	name := filepath.Base(os.Args[0])
	if run, found := commands[name]; found {
		os.Exit(run(os.Args))
	}
	os.Exit(ros(os.Args))
}

// ros is the command line, and the names as its first argument.
func ros(args []string) int {
	if len(args) > 1 {
		if args[1] == "init" && os.Getpid() == 1 {
			boot.StageTwo()
		}
		if run, found := commands[args[1]]; found {
			return run(args[1:])
		}
	}
	fmt.Println("ros version", version.Version)
	return 0
}

// initMain is /init of the initramfs.
func initMain(args []string) int {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: only the kernel starts this program")
		return 1
	}
	boot.StageOne()
	return 1
}
