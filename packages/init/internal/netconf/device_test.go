package netconf

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func linkOf(t *testing.T, name string) netlink.Link {
	t.Helper()
	link, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return link
}

// TestRouteByTheSecondInterface is upstream's test_rancher_network.
func TestRouteByTheSecondInterface(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	server := server{}
	server.start(t, cable(t, "eth0", "server0"))
	cable(t, "eth1", "peer1")
	root := newRoot(t)
	running(t, Options{Root: root, Network: config.Network{Interfaces: map[string]config.Interface{
		"eth*": {DHCP: true},
		"eth1": {Match: "eth1", Address: "10.10.2.17/24", Gateway: "10.10.2.1", MTU: 1500},
		"lo":   {Address: "127.0.0.1/8"},
	}}})
	networkDone(t, root)
	routes, err := netlink.RouteGet(net.IPv4(10, 10, 2, 120))
	if err != nil || len(routes) != 1 {
		t.Fatalf("%v, %v", routes, err)
	}
	if route := routes[0]; route.LinkIndex != linkOf(t, "eth1").Attrs().Index || route.Src.String() != "10.10.2.17" {
		t.Errorf("10.10.2.120 by link %d from %v", route.LinkIndex, route.Src)
	}
	// The gateway of the configuration stands before the lease's.
	if routes, err = netlink.RouteGet(net.IPv4(8, 8, 8, 8)); err != nil || routes[0].Gw.String() != "10.10.2.1" {
		t.Errorf("8.8.8.8 by %v, %v", routes, err)
	}
}

func TestBridge(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	mountSys(t)
	server := server{}
	server.start(t, cable(t, "eth0", "server0"))
	cable(t, "eth1", "peer1")
	root := newRoot(t)
	network := config.Network{Interfaces: map[string]config.Interface{
		"eth*": {DHCP: true},
		"br0":  {Bridge: "true", DHCP: true},
		"eth0": {Bridge: "br0", Address: "198.51.100.9/24"},
		"eth1": {Bridge: "br1", MTU: 1400},
		"br[":  {Bridge: "true"},
	}}
	for range 2 {
		said, stop := running(t, Options{Root: root, Network: network})
		eventually(t, "a lease by the bridge", has(t, "br0", "192.0.2.77/24"))
		networkDone(t, root)
		for port, bridge := range map[string]string{"eth0": "br0", "eth1": "br1"} {
			if linkOf(t, port).Attrs().MasterIndex != linkOf(t, bridge).Attrs().Index {
				t.Errorf("%s is no port of %s", port, bridge)
			}
			if linkOf(t, bridge).Attrs().RawFlags&unix.IFF_UP == 0 {
				t.Errorf("%s is down", bridge)
			}
		}
		if got := addressTexts(t, "eth0"); got != "" {
			t.Errorf("a port has %q", got)
		}
		if !said.has("eth0: it is a part of br0") || !said.has("br[: a bridge needs a name") {
			t.Error("nothing said that a port has no address, or that a pattern is no name")
		}
		// Again, as a container that is started anew.
		stop()
		if err := os.Remove(filepath.Join(root, doneFile)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCommandsInOrder(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cable(t, "eth0", "peer0")
	root := newRoot(t)
	file := filepath.Join(root, "order")
	say := func(text string) string { return fmt.Sprintf("sh -c 'echo %s >> %s'", text, file) }
	state := func(text string) string {
		return fmt.Sprintf("sh -c 'echo %s $(ip -o link show up dev $iface | wc -l) >> %s'", text, file)
	}
	said, _ := running(t, Options{Root: root, Network: config.Network{
		PreCmds:  []string{say("before"), "false", "sh -c 'echo output'"},
		PostCmds: []string{say("after $iface")},
		Interfaces: map[string]config.Interface{
			"eth0": {Address: "198.51.100.2/24", PreUp: []string{state("pre_up $iface")}, PostUp: []string{state("post_up $iface")}},
		},
	}})
	networkDone(t, root)
	content, err := os.ReadFile(file)
	if want := "before\npre_up eth0 0\npost_up eth0 1\nafter\n"; err != nil || string(content) != want {
		t.Errorf("%q (%v), want %q", content, err, want)
	}
	if !said.has("pre_cmds: false: exit status 1") || !said.has("pre_cmds: sh -c 'echo output': output") {
		t.Error("nothing said what a command printed, or that it failed")
	}
}

func TestIPv6AndLinkLocal(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cable(t, "eth0", "peer0")
	cable(t, "eth1", "peer1")
	first := linkLocalCandidates(linkOf(t, "eth1").Attrs().HardwareAddr)[0]
	taken := &netlink.Addr{IPNet: &net.IPNet{IP: first, Mask: net.CIDRMask(16, 32)}}
	if err := netlink.AddrAdd(linkOf(t, "peer1"), taken); err != nil {
		t.Fatal(err)
	}
	root := newRoot(t)
	said, _ := running(t, Options{Root: root, Network: config.Network{Interfaces: map[string]config.Interface{
		"eth0": {Addresses: []string{"2001:db8::2/64", "2001:db8::3"}, GatewayIPv6: "2001:db8::1", Gateway: "203.0.113.1", Address: "198.51.100.2/32"},
		"eth1": {IPV4LL: true},
	}}})
	networkDone(t, root)
	list, err := netlink.AddrList(linkOf(t, "eth0"), netlink.FAMILY_V6)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, address := range list {
		texts = append(texts, address.IPNet.String())
	}
	if got := strings.Join(texts, " "); !strings.Contains(got, "2001:db8::2/64") || !strings.Contains(got, "2001:db8::3/128") {
		t.Errorf("eth0 has %s", got)
	}
	defaultBy := func(family int, gateway string) func() bool {
		return func() bool {
			routes, err := netlink.RouteListFiltered(family, &netlink.Route{LinkIndex: linkOf(t, "eth0").Attrs().Index, Gw: net.ParseIP(gateway)},
				netlink.RT_FILTER_OIF|netlink.RT_FILTER_GW)
			return err == nil && len(routes) == 1
		}
	}
	if !defaultBy(netlink.FAMILY_V6, "2001:db8::1")() || !defaultBy(netlink.FAMILY_V4, "203.0.113.1")() {
		t.Error("a default route is missing")
	}
	own := addressTexts(t, "eth1")
	if !strings.HasPrefix(own, "169.254.") || !strings.HasSuffix(own, "/16") || own == first.String()+"/16" {
		t.Errorf("eth1 has %q", own)
	}
	if !said.has(first.String() + " is in use") {
		t.Error("nothing said that the first address is in use")
	}
	// Who sets a link down takes its routes.
	for _, set := range []func(netlink.Link) error{netlink.LinkSetDown, netlink.LinkSetUp} {
		if err := set(linkOf(t, "eth0")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the routes come back with the link", func() bool {
		return defaultBy(netlink.FAMILY_V6, "2001:db8::1")() && defaultBy(netlink.FAMILY_V4, "203.0.113.1")()
	})
}

// TestNetworkConf is upstream's test_network_conf. Where the kernel lacks what it needs, test/network.test.ts has the same
// in a guest, whose kernel has it.
func TestNetworkConf(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	mountSys(t)
	for number := range 8 {
		cable(t, fmt.Sprintf("eth%d", number), fmt.Sprintf("peer%d", number))
	}
	probe := attributes("probe")
	probe.ParentIndex = linkOf(t, "eth0").Attrs().Index
	for _, link := range []netlink.Link{netlink.NewLinkBond(attributes("probe")), &netlink.Vlan{LinkAttrs: probe, VlanId: 9}} {
		if err := netlink.LinkAdd(link); errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
			t.Skipf("this kernel has no %s; test/network.test.ts has this case in a guest", link.Type())
		} else if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkDel(linkOf(t, "probe")); err != nil {
			t.Fatal(err)
		}
	}
	root := newRoot(t)
	running(t, Options{Root: root, Network: config.Network{Interfaces: map[string]config.Interface{
		"eth*":     {DHCP: false},
		"br0":      {Bridge: "true", VLANs: "100", Address: "198.51.100.2/24"},
		"eth1":     {VLANs: "100"},
		"eth1.100": {Bridge: "br0"},
		"eth6":     {Bond: "bond0"},
		"eth7":     {Bond: "bond0"},
		"bond0":    {BondOpts: map[string]string{"mode": "active-backup", "miimon": "100", "updelay": "200"}, Address: "203.0.113.2/24"},
		"br0.100":  {Address: "192.0.2.2/24"},
	}}})
	networkDone(t, root)
	index := func(name string) int { return linkOf(t, name).Attrs().Index }
	if got := linkOf(t, "br0.100").Attrs().ParentIndex; got != index("br0") {
		t.Errorf("br0.100 is on link %d", got)
	}
	for part, whole := range map[string]string{"eth1.100": "br0", "eth6": "bond0", "eth7": "bond0"} {
		if got := linkOf(t, part).Attrs().MasterIndex; got != index(whole) {
			t.Errorf("%s is a part of link %d, want %s", part, got, whole)
		}
	}
	if mode, err := os.ReadFile("/sys/class/net/bond0/bonding/mode"); err != nil || string(mode) != "active-backup 1\n" {
		t.Errorf("mode %q, %v", mode, err)
	}
}

// TestSearchDomainOfConfigSet is upstream's test_network_dns_ros_set, to the end: what is set is in resolv.conf.
func TestSearchDomainOfConfigSet(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	root := newRoot(t)
	if err := os.MkdirAll(filepath.Join(root, config.Directory), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := config.Set(root, "rancher.network.dns.search", "[a,b]"); err != nil {
		t.Fatal(err)
	}
	cfg, _, _ := config.Load(root, "")
	if got := strings.Join(cfg.Rancher.Network.DNS.Search, " "); got != "a b" {
		t.Errorf("search %q", got)
	}
	running(t, Options{Root: root, Network: cfg.Rancher.Network})
	networkDone(t, root)
	if content, err := os.ReadFile(filepath.Join(root, resolvFile)); err != nil || string(content) != "search a b\n" {
		t.Errorf("resolv.conf %q, %v", content, err)
	}
}
