package boot

import (
	"fmt"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/sys/unix"

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
	// Signals are those that would end a program that does not expect them.
	Signals chan os.Signal

	// Of stage one.
	loader *kmod.Loader
	events *uevent.Socket
	state  *state.Result
	root   switchroot.Result

	// Of stage two.
	reaper *reap.Reaper
}

func newMachine() *Machine {
	m := &Machine{Config: &config.Config{}, Record: OpenRecord(RecordFile, version.Version), Signals: make(chan os.Signal, 16)}
	signal.Notify(m.Signals, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2)
	_ = os.Setenv("PATH", "/usr/bin:/usr/sbin:/bin:/sbin")
	unix.Umask(0o022)
	return m
}

// readCommandLine needs /proc.
func readCommandLine(m *Machine) error {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("reading the kernel command line: %w", err)
	}
	m.CommandLine = strings.TrimSpace(string(line))
	return nil
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
