package power

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Request is what a command line of the power family asks for.
type Request struct {
	Action Action
	// Force ends the machine at once, without stopping anything.
	Force bool
	// Timeout is how many seconds containers may take to end; 0 leaves it to the configuration.
	Timeout int
}

const usage = `usage: poweroff|reboot|halt [-f] [-t SECONDS]
       shutdown [-h|-P|-r|-H] [-t SECONDS] [now]`

// parse reads the command line of poweroff, reboot, halt or shutdown.
func parse(args []string) (Request, error) {
	name := args[0][strings.LastIndexByte(args[0], '/')+1:]
	request := Request{Action: PowerOff}
	switch name {
	case "poweroff", "shutdown":
	case "reboot":
		request.Action = Reboot
	case "halt":
		request.Action = Halt
	default:
		return request, fmt.Errorf("%s is no name of this command", name)
	}
	for at := 1; at < len(args); at++ {
		arg := args[at]
		switch {
		case arg == "-t" || arg == "--timeout" || strings.HasPrefix(arg, "--timeout="):
			text, given := strings.CutPrefix(arg, "--timeout=")
			if !given {
				if at++; at == len(args) {
					return request, fmt.Errorf("%s: %s wants a number of seconds", name, arg)
				}
				text = args[at]
			}
			seconds, err := strconv.Atoi(text)
			if err != nil || seconds < 1 {
				return request, fmt.Errorf("%s: time-out %q: want a number of seconds", name, text)
			}
			request.Timeout = seconds
		case arg == "-f" || arg == "--force":
			request.Force = true
		case arg == "-p" || arg == "--poweroff" || arg == "-P" || arg == "-h" && name == "shutdown":
			request.Action = PowerOff
		case arg == "-r" || arg == "--reboot":
			request.Action = Reboot
		case arg == "-H" || arg == "--halt":
			request.Action = Halt
		case arg == "now" || arg == "+0":
		case arg == "-h" || arg == "--help":
			return request, errHelp
		case strings.HasPrefix(arg, "-"):
			return request, fmt.Errorf("%s: unknown option %s", name, arg)
		default:
			return request, fmt.Errorf("%s: time %q: only now is possible", name, arg)
		}
	}
	return request, nil
}

// timeoutFile carries the time-out of a command line to PID 1, beside the signal.
const timeoutFile = "/run/ros/shutdown-timeout"

// Timeout is how many seconds containers may take: what a command line said, else what the configuration says.
func Timeout(configured int) int {
	if text, err := os.ReadFile(timeoutFile); err == nil {
		if seconds, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && seconds > 0 {
			return seconds
		}
	}
	if configured > 0 {
		return configured
	}
	return containerTimeout
}

var errHelp = errors.New("help")

// Main is the command: it checks and asks PID 1, which does the work.
func Main(args []string) int {
	return command(args, os.Stdout, os.Stderr)
}

func command(args []string, out, errors io.Writer) int {
	request, err := parse(args)
	if err == errHelp {
		fmt.Fprintln(out, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(errors, "%v\n%s\n", err, usage)
		return 2
	}
	if err := ask(request); err != nil {
		fmt.Fprintf(errors, "%s: %v\n", request.Action.Name, err)
		return 1
	}
	return 0
}

func ask(request Request) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root may do this (try sudo %s)", request.Action.Name)
	}
	comm, err := os.ReadFile("/proc/1/comm")
	if err != nil {
		return fmt.Errorf("looking for PID 1: %w", err)
	}
	if name := strings.TrimSpace(string(comm)); name != "ros" {
		return fmt.Errorf("PID 1 is %q and not ros: this is a container without the machine's processes (--pid=host), or no RancherOS", name)
	}
	if request.Force {
		unix.Sync()
		return unix.Reboot(request.Action.Command)
	}
	if request.Timeout > 0 {
		if err := os.WriteFile(timeoutFile, []byte(strconv.Itoa(request.Timeout)), 0o600); err != nil {
			return err
		}
	}
	return unix.Kill(1, request.Action.Signal)
}
