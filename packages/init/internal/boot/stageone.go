package boot

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/cgroup"
	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/mount"
	"rancheros-kit/init/internal/state"
	"rancheros-kit/init/internal/switchroot"
	"rancheros-kit/init/internal/uevent"
	"rancheros-kit/init/internal/version"
)

const (
	stateMount = "/state"
	program    = "/usr/bin/ros"
	// buildIDFile carries the build id over to stage two when the usr tree is new.
	buildIDFile = "/run/ros/build-id"
)

// stageOne runs in the initramfs, up to the program of the new root that takes its place.
var stageOne = []Phase{
	{"mounts", Fatal, 10 * time.Second, mounts},
	{"config", Fatal, 10 * time.Second, loadConfig},
	{"modules", Warn, 60 * time.Second, coldplug},
	{"state", Fatal, 10 * time.Minute, mountState},
	{"root", Fatal, 10 * time.Minute, prepareRoot},
	{"switch-root", Fatal, time.Minute, switchRoot},
}

// StageOne is /init. It returns only when the program of the new root could not be started.
func StageOne() {
	m := newMachine()
	run(m, stageOne)
	_ = m.Record.Save()
	err := unix.Exec(program, []string{"ros", "init"}, environment())
	fatal(m, fmt.Errorf("starting %s of the new root: %w", program, err))
}

func environment() []string {
	return []string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/root", "TERM=linux"}
}

func mounts(m *Machine) error {
	if err := mount.ApplyAll("/", mount.Kernel); err != nil {
		return err
	}
	if err := readCommandLine(m); err != nil {
		return err
	}
	return errors.Join(kmsg.Unlimited(), mount.MakeRoot("/"), mount.MakeLinks("/", mount.DeviceLinks), cgroup.Mount("/"))
}

// coldplug loads the drivers of all devices, and of those that appear because a driver was loaded.
func coldplug(m *Machine) error {
	events, err := uevent.Open()
	if err != nil {
		return err
	}
	m.events = events
	m.loader, err = kmod.NewLoader("/", m.CommandLine)
	if err != nil {
		return err
	}
	failures := []error{m.loader.LoadAll(kmod.Aliases("/sys/devices"))}
	for {
		more := m.newAliases(0)
		if len(more) == 0 {
			break
		}
		failures = append(failures, m.loader.LoadAll(more))
	}
	return errors.Join(append(failures, m.loader.LoadNamed(m.Config.Rancher.Modules))...)
}

// newAliases waits at most timeout for devices to appear, and returns the aliases of all that have.
func (m *Machine) newAliases(timeout time.Duration) []string {
	var aliases []string
	for {
		event, ok, err := m.events.Next(timeout)
		if err != nil {
			kmsg.Error("%v", err)
		}
		if !ok || err != nil {
			return aliases
		}
		timeout = 0
		if alias := event.Env["MODALIAS"]; event.Action == "add" && alias != "" {
			aliases = append(aliases, alias)
		}
	}
}

// Quiet times after which no more disks are expected. The drivers of most disks find them before their module is loaded;
// USB storage waits a second before it looks.
const (
	quiet    = 500 * time.Millisecond
	quietUSB = 2500 * time.Millisecond
)

// settle loads the drivers of devices that appear late. It returns false when nothing has come for a while; a state that
// is required is waited for until the deadline.
func (m *Machine) settle(deadline time.Time) bool {
	if m.events == nil || m.loader == nil {
		time.Sleep(quiet)
		return time.Now().Before(deadline)
	}
	wait := quiet
	if m.Config.Rancher.State.Required {
		wait = time.Until(deadline)
	} else if hasUSBStorage("/sys/bus/usb/devices") {
		wait = quietUSB
	}
	until := time.Now().Add(min(wait, time.Until(deadline)))
	for time.Now().Before(until) {
		event, ok, err := m.events.Next(time.Until(until))
		if err != nil || !ok {
			return false
		}
		if alias := event.Env["MODALIAS"]; event.Action == "add" && alias != "" {
			if err := m.loader.LoadAll([]string{alias}); err != nil {
				kmsg.Error("%v", err)
			}
			return true
		}
		if event.Env["SUBSYSTEM"] == "block" && event.Action != "remove" {
			return true
		}
	}
	return false
}

// hasUSBStorage looks for an interface of the class mass storage (USB base class 08h).
func hasUSBStorage(devices string) bool {
	entries, err := os.ReadDir(devices)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		class, err := os.ReadFile(devices + "/" + entry.Name() + "/bInterfaceClass")
		if err == nil && strings.TrimSpace(string(class)) == "08" {
			return true
		}
	}
	return false
}

func mountState(m *Machine) error {
	result, err := state.Mount(m.Config.Rancher.State, stateMount, m.settle)
	if result == nil {
		return err
	}
	m.state = result
	switch {
	case errors.Is(err, blockdev.ErrNotFound):
		kmsg.Info("no state disk: everything stays in memory (%v)", err)
	case err != nil:
		kmsg.Error("the state disk can not be used, everything stays in memory: %v", err)
	default:
		kmsg.Info("state on %s (%s)", result.Device, result.FSType)
	}
	return nil
}

func prepareRoot(m *Machine) error {
	buildID, err := switchroot.BuildID("/usr")
	if err != nil {
		return err
	}
	m.root, err = switchroot.Prepare(switchroot.Options{
		Mounted:   stateMount,
		Directory: m.Config.Rancher.State.Directory,
		Version:   version.Version,
		Always:    m.Config.Rancher.RmUsr,
		Kind:      rootKind(m.state),
	})
	if err != nil || !m.root.Copied {
		return err
	}
	if err := m.Record.Save(); err != nil {
		return err
	}
	return os.WriteFile(buildIDFile, []byte(buildID), 0o600)
}

func switchRoot(m *Machine) error {
	return switchroot.Enter(m.root)
}

func rootKind(mounted *state.Result) switchroot.Kind {
	switch {
	case mounted.InPlace:
		return switchroot.InPlace
	case mounted.Device == "":
		return switchroot.Memory
	}
	return switchroot.Disk
}
