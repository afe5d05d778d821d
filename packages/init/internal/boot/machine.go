package boot

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/reap"
	"rancheros-kit/init/internal/state"
	"rancheros-kit/init/internal/switchroot"
	"rancheros-kit/init/internal/uevent"
	"rancheros-kit/init/internal/version"
)

// Machine is what the phases know and find out.
type Machine struct {
	CommandLine string
	Config      *config.Config
	Record      *Record
	// Signals are those that somebody sent to PID 1.
	Signals chan os.Signal

	// Of stage one.
	loader *kmod.Loader
	events *uevent.Socket
	state  *state.Result
	root   switchroot.Result

	// Of stage two.
	reaper *reap.Reaper
}

// lastSignal is SIGRTMAX.
const lastSignal = unix.Signal(64)

// newMachine takes over every signal: one that is left to its default action would end this program and with it the
// machine.
func newMachine() *Machine {
	m := &Machine{Config: &config.Config{}, Record: OpenRecord(RecordFile, version.Version), Signals: make(chan os.Signal, 16)}
	for number := unix.Signal(1); number <= lastSignal; number++ {
		// These two are harmless and frequent: children that end, and the Go runtime's own.
		if number != unix.SIGCHLD && number != unix.SIGURG {
			signal.Notify(m.Signals, number)
		}
	}
	_ = os.Setenv("PATH", "/usr/bin:/usr/sbin:/bin:/sbin")
	unix.Umask(0o022)
	return m
}

// readCommandLine needs /proc.
func readCommandLine(m *Machine) error {
	line, err := cmdline.Read("/")
	m.CommandLine = line
	return err
}

// loadConfig is a phase of both stages: every file system that comes may bring more configuration.
func loadConfig(m *Machine) error {
	cfg, warnings, err := config.Load("/", m.CommandLine)
	for _, warning := range warnings {
		kmsg.Error("%v", warning)
	}
	if cfg != nil {
		m.Config = cfg
	}
	if m.Config.Rancher.Debug {
		if err := kmsg.Verbose(); err != nil {
			kmsg.Error("making the console verbose: %v", err)
		}
	}
	return err
}
