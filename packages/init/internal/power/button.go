package power

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/uevent"
)

// Of linux/input.h and linux/input-event-codes.h.
const (
	eventSize = 24 // struct input_event of a 64-bit machine: two times 8 bytes of time, type, code, value
	typeKey   = 1
	keyPower  = 116
	keyCount  = 0x300
	// eviocgbitKey asks which keys a device has: EVIOCGBIT(EV_KEY, keyCount/8).
	eviocgbitKey uintptr = 2<<30 | keyCount/8<<16 | 'E'<<8 | (0x20 + typeKey)
)

// Button calls pressed whenever the power button, or the power key of a keyboard, goes down. It watches every input device
// that has one, those too that come later, until the context ends.
func Button(ctx context.Context, pressed func()) {
	events, err := uevent.Open()
	if err != nil {
		kmsg.Error("watching for power buttons: %v", err)
		return
	}
	defer events.Close()
	devices, err := filepath.Glob("/dev/input/event*")
	if err != nil {
		kmsg.Error("looking for power buttons: %v", err)
	}
	for _, device := range devices {
		go watch(device, pressed)
	}
	for ctx.Err() == nil {
		event, ok, err := events.Next(time.Minute)
		if err != nil {
			kmsg.Error("watching for power buttons: %v", err)
			return
		}
		if name := event.Env["DEVNAME"]; ok && event.Action == "add" && strings.HasPrefix(name, "input/event") {
			go watch(filepath.Join("/dev", name), pressed)
		}
	}
}

// watch ends when the device goes away.
func watch(path string, pressed func()) {
	device, err := os.Open(path)
	if err != nil {
		kmsg.Error("opening the input device %s: %v", path, err)
		return
	}
	defer device.Close()
	if !hasPowerKey(device) {
		return
	}
	if err := readPresses(device, pressed); err != nil && !errors.Is(err, unix.ENODEV) {
		kmsg.Error("power button %s: %v", path, err)
	}
}

func hasPowerKey(device *os.File) bool {
	var keys [keyCount / 8]byte
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, device.Fd(), eviocgbitKey, uintptr(unsafe.Pointer(&keys)))
	return errno == 0 && keys[keyPower/8]&(1<<(keyPower%8)) != 0
}

// readPresses calls pressed for each event that says that the power key went down; repeats and releases are none.
func readPresses(device io.Reader, pressed func()) error {
	var event [eventSize]byte
	for {
		if _, err := io.ReadFull(device, event[:]); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		native := binary.NativeEndian
		if native.Uint16(event[16:]) == typeKey && native.Uint16(event[18:]) == keyPower && native.Uint32(event[20:]) == 1 {
			pressed()
		}
	}
}
