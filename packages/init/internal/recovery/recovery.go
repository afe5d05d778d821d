package recovery

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/shell"
	"rancheros-kit/init/internal/version"
)

// Main is the program `ros recovery REASON TERMINAL...`, which PID 1 starts: code 0 when somebody has left one of the
// shells, 1 when none could be opened.
func Main(args []string) int {
	if len(args) < 3 || os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "recovery: only PID 1 starts this program")
		return 1
	}
	if err := run(args[1], args[2:]); err != nil {
		kmsg.Error("recovery: %v", err)
		return 1
	}
	return 0
}

func run(reason string, terminals []string) error {
	sh, err := shell.Open()
	if err != nil {
		return err
	}
	left := make(chan error, len(terminals))
	for _, name := range terminals {
		go func() {
			err := open(sh, name, reason)
			if err != nil {
				err = fmt.Errorf("shell on %s: %w", name, err)
			}
			left <- err
		}()
	}
	var failures []error
	for range terminals {
		err := <-left
		if err == nil {
			return nil // the shells on the other terminals lose theirs when this program ends
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// open gives a terminal a shell of its own session until it is left.
func open(sh shell.Shell, name, reason string) error {
	terminal, err := os.OpenFile(filepath.Join("/dev", name), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer terminal.Close()
	// A serial port that the machine does not have can be opened, but has no settings.
	if _, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS); err != nil {
		return fmt.Errorf("there is no such terminal: %w", err)
	}
	if _, err := terminal.WriteString(banner(reason)); err != nil {
		return err
	}
	// The signal comes when the thread ends that started the shell.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	program, args := sh.Interactive()
	command := &exec.Cmd{
		Path: program, Args: args, Env: sh.Environment(terminalType(name)), Dir: "/",
		Stdin: terminal, Stdout: terminal, Stderr: terminal,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGHUP},
	}
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // left, with whatever code the last command had
	}
	return err
}

func banner(reason string) string {
	lines := []string{"", "RancherOS " + version.Version + ": recovery console", reason, ""}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\r\n")
}

// terminalType is TERM: virtual terminals are the kernel's own emulation, at the end of a line may be anything.
func terminalType(name string) string {
	if number, isTTY := strings.CutPrefix(name, "tty"); isTTY && number != "" && strings.Trim(number, "0123456789") == "" {
		return "linux"
	}
	return "vt220"
}
