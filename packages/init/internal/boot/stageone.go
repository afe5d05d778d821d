package boot

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/cgroup"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/mount"
	"rancheros-kit/init/internal/state"
	"rancheros-kit/init/internal/switchroot"
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
	{"recovery", Warn, forever, recoverOnPurpose},
	{"oem", Warn, 30 * time.Second, mountOEM},
	{"state", Fatal, 10 * time.Minute, mountState},
	{"oem-unmount", Warn, 30 * time.Second, unmountOEM},
	{"root", Fatal, 10 * time.Minute, prepareRoot},
	{"images", Warn, 10 * time.Minute, installImages},
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
	return errors.Join(kmsg.Unlimited(), setName("ros"), mount.MakeRoot("/"), mount.MakeLinks("/", mount.DeviceLinks), hideCommandLine(m), mountCgroups(m))
}

// setName names this process in /proc/1/comm, by which the commands of the power family know PID 1. The kernel has called
// it init.
func setName(name string) error {
	return os.WriteFile("/proc/self/comm", []byte(name), 0)
}

func mountCgroups(m *Machine) error {
	mode, err := cgroup.HostMode(m.CommandLine)
	if err != nil {
		kmsg.Error("%v", err)
	}
	err = cgroup.Mount("/", mode)
	if err != nil && mode != cgroup.V2 {
		// What the kernel has of version 1 is there; whether that is enough, the daemon will say.
		kmsg.Error("control groups: %v", err)
		return nil
	}
	return err
}

// hideCommandLine keeps what is after ` -- ` from everybody but root.
func hideCommandLine(m *Machine) error {
	return errors.Join(cmdline.Save("/", m.CommandLine), cmdline.Hide())
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
	if !m.root.Kept {
		if err := config.CarryImageFiles("/"); err != nil {
			kmsg.Error("%v", err)
		}
	}
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
