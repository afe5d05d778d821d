package state

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/shell"
)

// assemble makes devices appear that need more than a driver: RAID arrays, and whatever the configuration's script makes.
// It says whether anything was done, so that looking again is of use. What fails is told; the device may be there anyway.
func assemble(cfg config.State, run func(program string, args, environment []string) error) bool {
	done := false
	if cfg.MdadmScan {
		program, err := exec.LookPath("mdadm")
		if err != nil {
			kmsg.Error("rancher.state.mdadm_scan is set, but there is no mdadm on board")
		} else {
			done = true
			report("rancher.state.mdadm_scan", run(program, []string{"mdadm", "--assemble", "--scan"}, os.Environ()))
		}
	}
	if script := strings.TrimSpace(cfg.Script); script != "" {
		done = true
		sh, err := shell.Open()
		if err == nil {
			program, args := sh.Script(script)
			err = run(program, args, sh.Environment("linux"))
		}
		report("rancher.state.script", err)
	}
	return done
}

func report(what string, err error) {
	if err != nil {
		kmsg.Error("%s: %v", what, err)
	}
}

// onConsole runs a program with the machine's console, where it may ask for a passphrase.
func onConsole(program string, args, environment []string) error {
	console, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer console.Close()
	command := exec.Cmd{Path: program, Args: args, Env: environment, Stdin: console, Stdout: console, Stderr: console}
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}
