package netconf

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
)

func TestMatch(t *testing.T) {
	named := func(gateway string) config.Interface { return config.Interface{Gateway: gateway} }
	interfaces := map[string]config.Interface{
		"eth*":                  named("glob"),
		"eth1*":                 named("longer glob"),
		"eth0":                  named("name"),
		"mac=52:54:00:12:34:AB": named("mac"),
		"key":                   {Match: "wlan?", Gateway: "match"},
		"[":                     named("broken glob"),
	}
	tests := []struct{ name, mac, want string }{
		{"eth7", "", "glob"},
		{"eth12", "", "longer glob"},
		{"eth0", "", "name"},
		{"eth0", "52:54:00:12:34:ab", "mac"},
		{"wlan7", "52:54:00:12:34:ab", "mac"},
		{"wlan0", "", "match"},
		{"key", "", ""},
		{"docker0", "", ""},
	}
	for _, test := range tests {
		got, found := match(interfaces, test.name, test.mac)
		if got.Gateway != test.want || found != (test.want != "") {
			t.Errorf("match(%s, %s) = %q, %v, want %q", test.name, test.mac, got.Gateway, found, test.want)
		}
	}
}

func TestResolvConf(t *testing.T) {
	configured := config.DNS{Nameservers: []string{"8.8.8.8", "192.0.2.1"}, Search: []string{"own"}}
	leased := map[string]names{"eth1": {servers: []string{"b"}}, "eth0": {servers: []string{"192.0.2.1"}, search: []string{"lan", "own"}}}
	override := configured
	override.Override = true
	tests := []struct {
		name   string
		config config.DNS
		want   string
	}{
		{"leases first, each once", configured, "search lan own\nnameserver 192.0.2.1\nnameserver b\nnameserver 8.8.8.8\n"},
		{"override", override, "search own\nnameserver 8.8.8.8\nnameserver 192.0.2.1\n"},
		{"nothing configured", config.DNS{}, "search lan own\nnameserver 192.0.2.1\nnameserver b\n"},
	}
	for _, test := range tests {
		if got := (&resolver{config: test.config, leased: leased}).text(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// FuzzMatch: whatever the pattern, a MAC address stands above the exact name, and that above all globs.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"eth*", "[", "mac=", "mac=52:54:00:12:34:ab", "mac=52-54-00-12-34-AB", "\\", "eth0", ""} {
		f.Add(pattern, "eth0")
	}
	const mac = "52:54:00:12:34:ab"
	f.Fuzz(func(t *testing.T, pattern, name string) {
		interfaces := map[string]config.Interface{"by pattern": {Match: pattern, Gateway: "pattern"}}
		match(interfaces, name, mac)
		if strings.HasPrefix(name, macPrefix) || strings.HasPrefix(pattern, macPrefix) || pattern == "" || name == "" || pattern == name {
			return
		}
		interfaces["by name"] = config.Interface{Match: name, Gateway: "name"}
		if got, _ := match(interfaces, name, mac); got.Gateway != "name" {
			t.Errorf("%q before the exact name %q", pattern, name)
		}
		interfaces["by mac"] = config.Interface{Match: macPrefix + mac, Gateway: "mac"}
		if got, _ := match(interfaces, name, mac); got.Gateway != "mac" {
			t.Errorf("%q or %q before the MAC address", pattern, name)
		}
	})
}

func TestAddressesOfBorrowers(t *testing.T) {
	own, borrowed := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 2}
	card := netlink.LinkAttrs{HardwareAddr: borrowed, PermHWAddr: own}
	member := card
	member.Slave = &netlink.BondSlave{PermHardwareAddr: own}
	tests := []struct {
		name string
		link netlink.Link
		want string
	}{
		{"a card", &netlink.Device{LinkAttrs: netlink.LinkAttrs{HardwareAddr: own, PermHWAddr: own}}, "[02:00:00:00:00:01]"},
		{"a card with another address", &netlink.Device{LinkAttrs: card}, "[02:00:00:00:00:01 02:00:00:00:00:02]"},
		{"a member of a bond", &netlink.Device{LinkAttrs: member}, "[02:00:00:00:00:01]"},
		{"a VLAN", &netlink.Vlan{LinkAttrs: card}, "[]"},
		{"a bridge", &netlink.Bridge{LinkAttrs: card}, "[]"},
	}
	for _, test := range tests {
		if got := fmt.Sprint(addressesOf(test.link)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
