package power

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]Request{
		"poweroff":             {PowerOff, false, 0},
		"/usr/sbin/poweroff":   {PowerOff, false, 0},
		"poweroff -f":          {PowerOff, true, 0},
		"reboot":               {Reboot, false, 0},
		"reboot --force":       {Reboot, true, 0},
		"reboot -p":            {PowerOff, false, 0},
		"halt":                 {Halt, false, 0},
		"halt -p":              {PowerOff, false, 0},
		"shutdown":             {PowerOff, false, 0},
		"shutdown now":         {PowerOff, false, 0},
		"shutdown -h now":      {PowerOff, false, 0},
		"shutdown -P +0":       {PowerOff, false, 0},
		"shutdown -r now":      {Reboot, false, 0},
		"shutdown -H now":      {Halt, false, 0},
		"/sbin/shutdown -r -f": {Reboot, true, 0},
		"reboot -t 3":          {Reboot, false, 3},
		"halt --timeout 30":    {Halt, false, 30},
		"poweroff --timeout=4": {PowerOff, false, 4},
	} {
		if got, err := parse(strings.Fields(line)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", line, got, err)
		}
	}
	for _, line := range []string{"shutdown +5", "shutdown 23:00", "poweroff -x", "init 0", "reboot -t", "reboot -t x", "reboot --timeout=0"} {
		if got, err := parse(strings.Fields(line)); err == nil {
			t.Errorf("%s was taken: %+v", line, got)
		}
	}
}

func TestCommandOutsideOfRancherOS(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := command([]string{"reboot", "--help"}, &out, &errOut); code != 0 || !strings.Contains(out.String(), "usage:") {
		t.Errorf("--help: %d %q", code, &out)
	}
	if code := command([]string{"reboot", "-x"}, &out, &errOut); code != 2 || !strings.Contains(errOut.String(), "unknown option -x") {
		t.Errorf("-x: %d %q", code, &errOut)
	}
	comm, err := os.ReadFile("/proc/1/comm")
	if err != nil || strings.TrimSpace(string(comm)) == "ros" {
		t.Fatalf("these tests must not run on RancherOS: they would restart it (%s, %v)", comm, err)
	}
	errOut.Reset()
	if code := command([]string{"reboot", "-f"}, &out, &errOut); code != 1 || !strings.Contains(errOut.String(), "reboot: ") {
		t.Errorf("-f: %d %q", code, &errOut)
	}
}

func TestForSignal(t *testing.T) {
	for _, c := range []struct {
		signal os.Signal
		want   Action
	}{{unix.SIGUSR2, PowerOff}, {unix.SIGUSR1, Halt}, {unix.SIGTERM, Reboot}, {unix.SIGINT, Reboot}} {
		if got, found := ForSignal(c.signal); !found || got != c.want {
			t.Errorf("%v: got %+v", c.signal, got)
		}
	}
	for _, signal := range []os.Signal{unix.SIGHUP, unix.SIGPIPE, unix.SIGQUIT} {
		if _, found := ForSignal(signal); found {
			t.Errorf("%v ends the machine", signal)
		}
	}
}

func TestAliveInUserSpace(t *testing.T) {
	for stat, want := range map[string]bool{
		"200 (dockerd) S 1 200 200 0 -1 4194560 1 2":  true,
		"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0":       false,
		"300 (a) b) (c) R 1 300 300 0 -1 4194304 1 2": true,
		"301 (gone) Z 1 301 301 0 -1 4228108 1 2":     false,
		"301 (gone) X 1 301 301 0 -1 4228108 1 2":     false,
		"": false, "5 (x": false, "5 (x) S": false,
	} {
		if got := aliveInUserSpace(stat); got != want {
			t.Errorf("%q: got %v", stat, got)
		}
	}
	if !othersRun("/proc") {
		t.Error("nothing runs on this machine")
	}
}

func TestUserDockerStopsFirst(t *testing.T) {
	running := []container.Summary{{ID: "1", Names: []string{"/console"}}, {ID: "2", Names: []string{"/docker"}}, {ID: "3"}}
	first, rest := split(running)
	if len(first) != 1 || first[0].ID != "2" || len(rest) != 2 || name(rest[1]) != "3" {
		t.Errorf("got %v and %v", first, rest)
	}
}

func TestReadPresses(t *testing.T) {
	var input []byte
	for _, e := range [][3]uint32{{1, 116, 1}, {0, 0, 0}, {1, 116, 2}, {1, 116, 0}, {1, 30, 1}, {2, 116, 1}, {1, 116, 1}} {
		event := binary.NativeEndian.AppendUint64(make([]byte, 0, eventSize), 5)
		event = binary.NativeEndian.AppendUint64(event, 6)
		event = binary.NativeEndian.AppendUint16(event, uint16(e[0]))
		event = binary.NativeEndian.AppendUint16(event, uint16(e[1]))
		input = append(input, binary.NativeEndian.AppendUint32(event, e[2])...)
	}
	presses := 0
	err := readPresses(bytes.NewReader(input), func() { presses++ })
	if presses != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("%d presses, %v", presses, err)
	}
}

// TestEviocgbit has the number that the macro of linux/input.h gives.
func TestEviocgbit(t *testing.T) {
	if eviocgbitKey != 0x80604521 {
		t.Errorf("%#x", eviocgbitKey)
	}
}
