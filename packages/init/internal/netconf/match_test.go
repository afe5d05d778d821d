package netconf

import (
	"testing"

	"rancheros-kit/init/internal/config"
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
