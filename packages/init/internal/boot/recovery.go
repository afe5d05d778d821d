package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/reap"
	"rancheros-kit/init/internal/recovery"
)

const (
	// restartDelay is how long a fatal failure can be read when the command line has no panic=.
	restartDelay = time.Minute
	// endLimit is how long a machine that failed may take to write its disks.
	endLimit = 30 * time.Second
)

var errNoTerminal = errors.New("no console is allowed one: rancher.recovery is not set and rancher.autologin names none")

// recoverOnPurpose is a phase: the shell that rancher.recovery asks for, before anything is looked for on a disk.
func recoverOnPurpose(m *Machine) error {
	if !m.Config.Rancher.Recovery {
		return nil
	}
	return m.recoveryShell("You asked for it by rancher.recovery. Nothing is mounted yet. `exit` goes on with the boot, `reboot` restarts.")
}

// fatal shows why the machine can not boot. Where a root shell is allowed it opens one, and restarts when it is left; else
// it waits as long as panic= says and restarts. It does not return.
func fatal(m *Machine, err error) {
	delay := cmdline.PanicTimeout(m.CommandLine, restartDelay)
	kmsg.Error("RancherOS can not boot: %v", err)
	_ = m.Record.Save()
	shell := m.recoveryShell(fmt.Sprintf("RancherOS can not boot: %v\n`exit` restarts the machine.", err))
	if shell != nil {
		if !errors.Is(shell, errNoTerminal) {
			kmsg.Error("there is no recovery console: %v", shell)
		}
		kmsg.Error("The machine restarts in %s.", delay)
		time.Sleep(delay)
	}
	if err := within(endLimit, func() error { power.End(power.Reboot); return nil }); err != nil {
		kmsg.Error("writing the disks: %v", err)
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART); err != nil {
		kmsg.Error("restarting: %v", err)
	}
	// What is left is the kernel's own way, which also obeys panic=.
	os.Exit(1)
}

// recoveryShell returns nil when somebody has left the shell. The power commands and the power button
// work in it.
func (m *Machine) recoveryShell(reason string) error {
	rancher := m.Config.Rancher
	terminals := recovery.Terminals(m.CommandLine, rancher.Recovery, rancher.Autologin)
	if len(terminals) == 0 {
		return errNoTerminal
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go power.Button(ctx, func() { m.Signals <- power.PowerOff.Signal })
	ended := make(chan error, 1)
	go func() { ended <- m.run(append([]string{"ros", "recovery", reason}, terminals...), forever) }()
	for {
		select {
		case err := <-ended:
			return err
		case received := <-m.Signals:
			if action, found := power.ForSignal(received); found {
				power.End(action)
			}
		}
	}
}

// run runs `ros` by another name. Before there is a reaper nothing else waits for children.
func (m *Machine) run(args []string, limit time.Duration) error {
	if m.reaper != nil {
		return m.reaper.Run(reap.Command{Path: program, Args: args, Env: environment()}, limit)
	}
	command := exec.Cmd{Path: program, Args: args, Env: environment()}
	return command.Run()
}
