package boot

import (
	"errors"
	"os"
	"strings"
	"time"

	"rancheros-kit/init/internal/kmod"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/uevent"
)

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
// is required or waited for has time until the deadline.
func (m *Machine) settle(deadline time.Time) bool {
	if m.events == nil || m.loader == nil {
		time.Sleep(quiet)
		return time.Now().Before(deadline)
	}
	wait := quiet
	if m.Config.Rancher.State.Required || m.Config.Rancher.State.Wait {
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
