package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestNetworkKeys(t *testing.T) {
	const text = `
rancher:
  network:
    pre_cmds: ["echo before"]
    post_cmds: echo after
    dhcp_timeout: 7
    http_proxy: http://proxy:3128
    no_proxy: localhost,10.0.0.0/8
    dns: {nameservers: [192.0.2.1], search: [a, b], override: true}
    interfaces:
      br0: {bridge: true, vlans: 100, ipv4ll: true}
      eth1: {bridge: br0, dhcp_args: -MA4, pre_up: [ip link set $iface up], post_up: "echo $iface"}
      eth2: {addresses: [2001:db8::2/64], gateway: 192.0.2.1, gateway_ipv6: "2001:db8::1", mtu: 1400, vlans: "5:five,6"}
      eth3: {bond: bond0}
      bond0: {bond_opts: {mode: 1, miimon: 100}}
`
	cfg, warnings, err := Load(machine(t, map[string]string{OSConfigFile: "{}", CloudConfigFile: text}), "")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Load: %v, %v", err, texts(warnings))
	}
	want := Network{
		PreCmds: []string{"echo before"}, PostCmds: []string{"echo after"}, DHCPTimeout: 7,
		HTTPProxy: "http://proxy:3128", NoProxy: "localhost,10.0.0.0/8",
		DNS: DNS{Nameservers: []string{"192.0.2.1"}, Search: []string{"a", "b"}, Override: true},
		Interfaces: map[string]Interface{
			"br0":   {Bridge: "true", VLANs: "100", IPV4LL: true},
			"eth1":  {Bridge: "br0", DHCPArgs: "-MA4", PreUp: []string{"ip link set $iface up"}, PostUp: []string{"echo $iface"}},
			"eth2":  {Addresses: []string{"2001:db8::2/64"}, Gateway: "192.0.2.1", GatewayIPv6: "2001:db8::1", MTU: 1400, VLANs: "5:five,6"},
			"eth3":  {Bond: "bond0"},
			"bond0": {BondOpts: map[string]string{"mode": "1", "miimon": "100"}},
		},
	}
	if got := cfg.Rancher.Network; !reflect.DeepEqual(got, want) {
		t.Errorf("network = %+v\nwant %+v", got, want)
	}
	pairs := "HTTP_PROXY=http://proxy:3128 http_proxy=http://proxy:3128 NO_PROXY=localhost,10.0.0.0/8 no_proxy=localhost,10.0.0.0/8"
	if got := strings.Join(cfg.Rancher.Network.ProxyEnvironment(), " "); got != pairs {
		t.Errorf("environment %q, want %q", got, pairs)
	}
	if got := (Network{}).ProxyEnvironment(); len(got) != 0 {
		t.Errorf("environment without proxies: %q", got)
	}
}

func TestHostnameGiven(t *testing.T) {
	tests := []struct {
		name, path, content, line string
		want                      bool
	}{
		{name: "only the default"},
		{name: "another key", path: CloudConfigFile, content: "rancher: {debug: true}"},
		{name: "cloud-config", path: BootFile, content: "hostname: mine", want: true},
		{name: "the default's own name", path: CloudConfigFile, content: "hostname: rancher", want: true},
		{name: "taken back", path: CloudConfigFile, content: `hostname: ""`},
		{name: "metadata", path: MetadataFile, content: "hostname: cloud", want: true},
		{name: "oem", path: OEMConfigFile, content: "hostname: vendor", want: true},
		{name: "broken", path: CloudConfigFile, content: "hostname: [", want: false},
	}
	for _, test := range tests {
		files := map[string]string{OSConfigFile: "hostname: rancher"}
		if test.path != "" {
			files[test.path] = test.content
		}
		if got := HostnameGiven(machine(t, files), test.line); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
