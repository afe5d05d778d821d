package power

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/mount"
)

// Daemons are what PID 1 keeps running.
type Daemons interface {
	// StopServices ends what starts services.
	StopServices()
	// StopDocker ends system docker.
	StopDocker()
}

const (
	// containerTimeout is how long a container may take to end, in seconds, unless the configuration or a command line says
	// otherwise; the user's docker, which stops containers of its own, has userDockerMore on top.
	containerTimeout = 10
	userDockerMore   = 10
	listTimeout      = 5 * time.Second
	termTimeout      = 5 * time.Second
	killTimeout      = 2 * time.Second
	// margin is what an orderly end may take beyond the time of containers. Then it is given up: something hangs, but the disks
	// must still be written.
	margin = 50 * time.Second
)

// Down ends the machine in order; containers may take so many seconds. It does not return unless the kernel refuses.
func Down(action Action, daemons Daemons, seconds int) {
	orderly := make(chan struct{})
	go func() {
		defer close(orderly)
		daemons.StopServices()
		kmsg.Info("stopping containers")
		if err := stopContainers(seconds); err != nil {
			kmsg.Error("stopping containers: %v", err)
		}
		kmsg.Info("stopping system docker")
		daemons.StopDocker()
	}()
	select {
	case <-orderly:
	case <-time.After(time.Duration(2*seconds+userDockerMore)*time.Second + margin):
		kmsg.Error("%s: something does not end, going on without it", action.Name)
	}
	End(action)
}

// End ends processes, writes and unmounts the disks, and ends the machine. It does not return unless the kernel refuses.
func End(action Action) {
	kmsg.Info("ending processes")
	endProcesses()
	kmsg.Info("unmounting")
	unix.Sync()
	if err := unmountAll(); err != nil {
		kmsg.Error("unmounting: %v", err)
	}
	unix.Sync()
	if err := unix.Reboot(action.Command); err != nil {
		kmsg.Error("%s: %v", action.Name, err)
	}
}

// endProcesses asks every process but this one to end, and kills those that do not.
func endProcesses() {
	for _, step := range []struct {
		signal  unix.Signal
		timeout time.Duration
	}{{unix.SIGTERM, termTimeout}, {unix.SIGKILL, killTimeout}} {
		if err := unix.Kill(-1, step.signal); err != nil {
			return
		}
		for deadline := time.Now().Add(step.timeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if !othersRun("/proc") {
				return
			}
		}
	}
}

// othersRun says whether a process other than PID 1 and the kernel's threads is alive.
func othersRun(proc string) bool {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err != nil || pid <= 1 {
			continue
		}
		text, err := os.ReadFile(filepath.Join(proc, entry.Name(), "stat"))
		if err == nil && aliveInUserSpace(string(text)) {
			return true
		}
	}
	return false
}

// aliveInUserSpace reads a stat file (proc(5)): after the name in parentheses come state, ppid, … and the flags as ninth.
func aliveInUserSpace(stat string) bool {
	const kernelThread = 0x00200000 // PF_KTHREAD
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 7 || fields[0] == "Z" || fields[0] == "X" {
		return false
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return err == nil && flags&kernelThread == 0
}

// kept are mounted until the end: the kernel's own, from which nothing is lost.
var kept = map[string]bool{"proc": true, "sysfs": true, "devtmpfs": true, "cgroup": true, "cgroup2": true, "devpts": true, "mqueue": true}

// unmountAll unmounts everything that can be, last mounted first, and makes the root read-only, which leaves its file
// system clean.
func unmountAll() error {
	table, err := mount.Table()
	if err != nil {
		return err
	}
	var failures []error
	for i := len(table) - 1; i >= 0; i-- {
		entry := table[i]
		if entry.Target == "/" || kept[entry.Type] || entry.Type == "tmpfs" {
			continue
		}
		if err := unix.Unmount(entry.Target, 0); err != nil && !errors.Is(err, unix.EINVAL) {
			failures = append(failures, fmt.Errorf("%s: %w", entry.Target, err))
		}
	}
	return errors.Join(append(failures, readOnlyRoot())...)
}

func readOnlyRoot() error {
	err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	if err == nil {
		return nil
	}
	// A file that is open though it was deleted keeps the root writable; the kernel's emergency remount does not care.
	if sysrq := os.WriteFile("/proc/sysrq-trigger", []byte("u"), 0); sysrq != nil {
		return fmt.Errorf("making / read-only: %w", errors.Join(err, sysrq))
	}
	time.Sleep(500 * time.Millisecond)
	return nil
}
