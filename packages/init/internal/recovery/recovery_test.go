package recovery

import (
	"slices"
	"strings"
	"testing"
)

func TestTerminals(t *testing.T) {
	for _, c := range []struct {
		line      string
		asked     bool
		autologin []string
		want      []string
	}{
		{"console=ttyS0 quiet", false, nil, nil},
		{"console=ttyS0,115200 quiet", true, nil, []string{"ttyS0", "tty1"}},
		{"console=tty0 console=ttyS0", true, nil, []string{"tty1", "ttyS0"}},
		{"console=tty1 console=ttyS0", false, []string{"ttyS0"}, []string{"ttyS0"}},
		{"quiet", false, []string{"tty1", "ttyS0"}, []string{"tty1"}},
		// A terminal that is no console of this machine shows nothing of the boot, so nobody looks for a shell there.
		{"console=ttyS0", false, []string{"ttyS1", "hvc0"}, nil},
		{"console=../sda", true, nil, []string{"tty1"}},
		{"", true, nil, []string{"tty1"}},
	} {
		if got := Terminals(c.line, c.asked, c.autologin); !slices.Equal(got, c.want) {
			t.Errorf("%q, %v, %v: got %v, want %v", c.line, c.asked, c.autologin, got, c.want)
		}
	}
}

func TestBannerIsForATerminalInAnyMode(t *testing.T) {
	text := banner("state: no disk\nsecond")
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") || !strings.Contains(text, "\r\nstate: no disk\r\nsecond\r\n") {
		t.Errorf("got %q", text)
	}
}

func TestTerminalType(t *testing.T) {
	for name, want := range map[string]string{"tty1": "linux", "tty12": "linux", "ttyS0": "vt220", "hvc0": "vt220", "tty": "vt220"} {
		if got := terminalType(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestOnlyPID1(t *testing.T) {
	if code := Main([]string{"recovery"}); code != 1 {
		t.Errorf("code %d", code)
	}
}
