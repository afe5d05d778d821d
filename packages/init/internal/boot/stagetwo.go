package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/cgroup"
	"rancheros-kit/init/internal/etc"
	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/power"
	"rancheros-kit/init/internal/reap"
	"rancheros-kit/init/internal/state"
	"rancheros-kit/init/internal/switchroot"
)

// stageTwo runs in the root that stays.
var stageTwo = []Phase{
	{"command-line", Fatal, 10 * time.Second, readCommandLine},
	{"config-state", Warn, 10 * time.Second, loadConfig},
	{"oem-state", Warn, 30 * time.Second, mountOEM},
	{"cloud-init", Warn, 60 * time.Second, cloudInit},
	{"config-cloud", Warn, 10 * time.Second, loadConfig},
	{"boot-partition", Warn, 30 * time.Second, mountBoot},
	{"modules-config", Warn, 60 * time.Second, loadModules},
	{"etc", Warn, 30 * time.Second, writeEtc},
	{"limits", Warn, 10 * time.Second, limits},
	{"cgroups", Warn, 10 * time.Second, func(*Machine) error { return cgroup.Setup(cgroup.Root) }},
	{"loopback", Warn, 10 * time.Second, func(*Machine) error { return linkUp("lo") }},
}

// StageTwo is `ros init`: it never returns.
func StageTwo() {
	m := newMachine()
	m.reaper = reap.New()
	run(m, stageTwo)
	saveRecord(m)
	fatal(m, within(forever, func() error { return live(m) }))
}

// live keeps the machine's daemons running until a signal asks for its end.
func live(m *Machine) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	daemons := startDaemons(ctx, m)
	go func() {
		keepUsr(m)
		commitImages(m)
		growDisk(m)
		keepReserve()
	}()
	go power.Button(ctx, func() { m.Signals <- power.PowerOff.Signal })
	for received := range m.Signals {
		action, found := power.ForSignal(received)
		if !found {
			continue
		}
		kmsg.Info("%s asked for", action.Name)
		stop()
		power.Down(action, daemons, power.Timeout(m.Config.Rancher.ShutdownTimeout))
	}
	return errors.New("the signal channel was closed")
}

// cloudInit lets a program of its own read the configuration disk, so that nothing on that disk can harm PID 1.
func cloudInit(m *Machine) error {
	console, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer console.Close()
	return m.reaper.Run(reap.Command{
		Path: program, Args: []string{"cloud-init", "-save"}, Env: environment(), Stdout: console, Stderr: console,
	}, 50*time.Second)
}

// loadModules loads the modules that the configuration names and that are not there yet.
func loadModules(m *Machine) error {
	loaded, err := os.ReadFile("/proc/modules")
	if err != nil {
		return err
	}
	missing := kmod.Missing(m.Config.Rancher.Modules, string(loaded))
	if len(missing) == 0 {
		return nil
	}
	loader, err := kmod.NewLoader("/", m.CommandLine)
	if err != nil {
		return err
	}
	return loader.LoadNamed(missing)
}

func writeEtc(m *Machine) error {
	hostname := strings.TrimSpace(m.Config.Hostname)
	var failures []error
	if hostname != "" {
		if err := unix.Sethostname([]byte(hostname)); err != nil {
			failures = append(failures, fmt.Errorf("setting the host name %q: %w", hostname, err))
		}
	}
	dns := m.Config.Rancher.Network.DNS
	return errors.Join(append(failures, etc.Defaults("/"), etc.Machine("/", hostname, dns.Nameservers, dns.Search))...)
}

// limits are inherited by system docker and by all that it starts.
func limits(m *Machine) error {
	const files = 1 << 20
	var failures []error
	for _, limit := range []struct {
		name  string
		which int
		value uint64
	}{
		{"open files", unix.RLIMIT_NOFILE, files},
		{"processes", unix.RLIMIT_NPROC, unix.RLIM_INFINITY},
		{"core size", unix.RLIMIT_CORE, unix.RLIM_INFINITY},
	} {
		if err := syscall.Setrlimit(limit.which, &syscall.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			failures = append(failures, fmt.Errorf("setting the limit of %s: %w", limit.name, err))
		}
	}
	// What is mounted in a container that asks for it is seen by the others.
	sharing := uintptr(unix.MS_SHARED)
	if m.Config.Rancher.NoSharedRoot {
		sharing = unix.MS_PRIVATE
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|sharing, ""); err != nil {
		failures = append(failures, fmt.Errorf("sharing mounts: %w", err))
	}
	// Ctrl-Alt-Del comes as SIGINT and becomes an orderly restart.
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF); err != nil {
		failures = append(failures, fmt.Errorf("taking over Ctrl-Alt-Del: %w", err))
	}
	return errors.Join(failures...)
}

// linkUp brings an interface up. The kernel gives lo its addresses then.
func linkUp(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bringing %s up: %w", name, err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("reading the flags of %s: %w", name, err)
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bringing %s up: %w", name, err)
	}
	return nil
}

// keepUsr makes the new usr tree valid and deletes those that are no longer needed; nothing waits for that.
func keepUsr(m *Machine) {
	if !commitUsr(m) {
		return
	}
	gone, err := switchroot.Prune("/")
	if err != nil {
		kmsg.Error("deleting old /usr trees: %v", err)
	}
	if len(gone) > 0 {
		kmsg.Info("old /usr trees deleted: %s", strings.Join(gone, ", "))
	}
}

// commitUsr makes a new usr tree valid once it is on the disk.
func commitUsr(m *Machine) bool {
	buildID, err := os.ReadFile(buildIDFile)
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	end := m.Record.Begin("commit-usr")
	if err == nil {
		err = switchroot.Commit("/", string(buildID))
	}
	if err == nil {
		err = os.Remove(buildIDFile)
	}
	if err != nil {
		kmsg.Error("the /usr tree stays unconfirmed, the next boot copies it again: %v", err)
	}
	end(err)
	saveRecord(m)
	return err == nil
}

// keepReserve keeps room for a boot of a disk that is full; memory needs none.
func keepReserve() {
	var root unix.Statfs_t
	if err := unix.Statfs("/", &root); err != nil || root.Type == unix.TMPFS_MAGIC || root.Type == unix.RAMFS_MAGIC {
		return
	}
	if err := state.Reserve("/"); err != nil {
		kmsg.Error("%v", err)
	}
}

func saveRecord(m *Machine) {
	if err := m.Record.Save(); err != nil {
		kmsg.Error("%v", err)
	}
}
