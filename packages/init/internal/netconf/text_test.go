package netconf

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseVLANs(t *testing.T) {
	tests := []struct {
		text, problem string
		want          []vlan
	}{
		{"", "", nil},
		{"100", "", []vlan{{100, "eth1.100"}}},
		{" 5:five , 4094,", "", []vlan{{5, "five"}, {4094, "eth1.4094"}}},
		{"0,4095,x:y,7:", `"0", want a number from 1 to 4094`, []vlan{{7, "eth1.7"}}},
	}
	for _, test := range tests {
		got, err := parseVLANs("eth1", test.text)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %v, want %v", test.text, got, test.want)
		}
		if (err != nil) != (test.problem != "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%q: error %v, want %q", test.text, err, test.problem)
		}
	}
}

func TestHosts(t *testing.T) {
	tests := []struct{ name, have, want string }{
		{"none", "", "127.0.1.1\tnew\n"},
		{"added", "127.0.0.1\tlocalhost\n", "127.0.0.1\tlocalhost\n127.0.1.1\tnew\n"},
		{"replaced, once", "a b\n127.0.1.1 old\n127.0.1.1 older\n# end", "a b\n127.0.1.1\tnew\n# end\n"},
		{"not another address", "127.0.1.10 x\n", "127.0.1.10 x\n127.0.1.1\tnew\n"},
	}
	for _, test := range tests {
		if got := hosts(test.have, "new"); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestHostNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "rancher-dev": true, "a.b.c": true, "a_b": true, "-a": false, "a-": false, "a..b": false, "": false,
		"a b": false, "a\n127.0.0.1 bank": false, "a;reboot": false,
	} {
		if got := hostName.MatchString(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestBondOptions(t *testing.T) {
	options := map[string]string{"updelay": "200", "downdelay": "300", "mode": "active-backup", "miimon": "100"}
	if got := strings.Join(bondOrder(options), " "); got != "mode miimon downdelay updelay" {
		t.Errorf("order %s", got)
	}
	directory := t.TempDir()
	for name, content := range map[string]string{"mode": "active-backup 1\n", "miimon": "0\n", "updelay": "0\n"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options["../mode"] = "x"
	err := setBondOptions(directory, options)
	if err == nil || !strings.Contains(err.Error(), "downdelay=300") || !strings.Contains(err.Error(), `"../mode"`) {
		t.Errorf("error %v, want downdelay, which is not there, and ../mode", err)
	}
	// What is as wanted is not written: here the write would have left the rest of the line.
	for name, want := range map[string]string{"mode": "active-backup 1\n", "miimon": "100", "updelay": "200"} {
		if got, err := os.ReadFile(filepath.Join(directory, name)); err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("%s: %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestRunCommand(t *testing.T) {
	if got, err := runCommand(t.Context(), `echo '$iface;' "a b" x$iface`, "eth0"); err != nil || got != "eth0; a b xeth0\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, line := range []string{"false", "/no/such/program", "echo 'open"} {
		if _, err := runCommand(t.Context(), line, "eth0"); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

func TestARP(t *testing.T) {
	own, other := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 2}
	candidate := net.IPv4(169, 254, 7, 8)
	answer := append([]byte{0, 1, 8, 0, 6, 4, 0, 2}, other...)
	answer = append(append(append(answer, candidate.To4()...), own...), 0, 0, 0, 0)
	mine := append([]byte{}, answer...)
	copy(mine[8:], own)
	tests := []struct {
		name   string
		packet []byte
		want   bool
	}{
		{"an answer", answer, true},
		{"another one's probe", arpProbe(other, candidate), true},
		{"our own probe", arpProbe(own, candidate), false},
		{"our own answer", mine, false},
		{"a probe for another address", arpProbe(other, net.IPv4(169, 254, 7, 9)), false},
		{"cut", answer[:27], false},
		{"not IPv4", append([]byte{0, 1, 9}, answer[3:]...), false},
	}
	for _, test := range tests {
		if got := claims(test.packet, own, candidate); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	again := linkLocalCandidates(own)
	for index, address := range linkLocalCandidates(own) {
		if !address.Equal(again[index]) || !address.IsLinkLocalUnicast() || address[2] == 0 || address[2] == 255 {
			t.Errorf("candidate %v", address)
		}
	}
}

func TestWaitForNetwork(t *testing.T) {
	root := newRoot(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); Await(ctx, root) }()
	select {
	case <-ended:
		t.Fatal("it did not wait")
	case <-t.Context().Done():
	default:
	}
	if err := os.WriteFile(filepath.Join(root, doneFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := os.Remove(filepath.Join(root, doneFile)); err != nil {
		t.Fatal(err)
	}
	cancel()
	Await(ctx, root)
}
