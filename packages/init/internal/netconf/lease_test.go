package netconf

import (
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
)

func has(t *testing.T, name, want string) func() bool {
	return func() bool {
		_, err := netlink.LinkByName(name)
		return err == nil && addressTexts(t, name) == want
	}
}

func TestTheCableIsPulledAndPutBack(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	peer := cable(t, "eth0", "server0")
	server := server{}
	server.lease.Store(3600)
	server.start(t, peer)
	root := newRoot(t)
	_, stop := running(t, Options{Root: root})
	eventually(t, "a lease", has(t, "eth0", "192.0.2.77/24"))
	seen := server.requests.Load()
	pull := func() {
		if err := netlink.LinkSetDown(peer); err != nil {
			t.Fatal(err)
		}
		eventually(t, "no carrier", func() bool { link, err := netlink.LinkByName("eth0"); return err == nil && !canSend(link) })
		if err := netlink.LinkSetUp(peer); err != nil {
			t.Fatal(err)
		}
	}
	pull()
	eventually(t, "the lease is asked for anew", func() bool { return server.requests.Load() > seen })
	server.last.Store(78)
	pull()
	eventually(t, "only the new address", has(t, "eth0", "192.0.2.78/24"))
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "one default route", func() bool {
		routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{LinkIndex: link.Attrs().Index}, netlink.RT_FILTER_OIF)
		defaults := 0
		for _, route := range routes {
			if ones, _ := route.Dst.Mask.Size(); ones == 0 {
				defaults++
			}
		}
		return err == nil && defaults == 1
	})

	// A netconf that is started anew does not know the lease of the one before.
	stop()
	server.last.Store(79)
	running(t, Options{Root: root})
	eventually(t, "only the address of the new process", has(t, "eth0", "192.0.2.79/24"))
}

func TestHostNameOfTheLease(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	server := server{hostname: "leased"}
	server.lease.Store(3600)
	server.start(t, cable(t, "eth0", "server0"))
	if err := setHostname(newRoot(t), "configured"); err != nil {
		t.Fatal(err)
	}
	hostname := func() string {
		name, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	root := newRoot(t)
	_, stop := running(t, Options{Root: root})
	networkDone(t, root)
	if got := hostname(); got != "configured" {
		t.Errorf("the lease named the machine %q", got)
	}
	stop()
	root = newRoot(t)
	_, stop = running(t, Options{Root: root, TakeHostname: true})
	networkDone(t, root)
	if got := hostname(); got != "leased" {
		t.Errorf("the machine is %q, want the lease's name", got)
	}
	if content, err := os.ReadFile(filepath.Join(root, hostsFile)); err != nil || string(content) != "127.0.1.1\tleased\n" {
		t.Errorf("hosts %q, %v", content, err)
	}
	stop()
	h := host{root: root, take: true}
	for _, name := range []string{"a\n192.0.2.1 bank", strings.Repeat("a", 65), "a b"} {
		if err := h.offer("eth0", name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if err := h.offer("eth0", "first."); err != nil || hostname() != "first" {
		t.Errorf("%q, %v", hostname(), err)
	}
	if err := h.offer("eth1", "second"); err != nil || hostname() != "first" {
		t.Errorf("another link changed the name: %q, %v", hostname(), err)
	}
}

// TestNobodyWaitsForFixedAddresses would not end if anything waited: no server answers, and the limit is an hour.
func TestNobodyWaitsForFixedAddresses(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cable(t, "eth0", "peer0")
	cable(t, "eth1", "peer1")
	root := newRoot(t)
	said, _ := running(t, Options{Root: root, Network: config.Network{DHCPTimeout: 3600, Interfaces: map[string]config.Interface{
		"eth*": {DHCP: true},
		"eth0": {Address: "198.51.100.2/24", DHCPArgs: "-MA4"},
		"eth1": {DHCP: false},
	}}})
	networkDone(t, root)
	if got := addressTexts(t, "eth0"); got != "198.51.100.2/24" {
		t.Errorf("eth0 has %q", got)
	}
	if got := addressTexts(t, "eth1"); got != "" {
		t.Errorf("eth1 has %q", got)
	}
	if !said.has(`eth0: dhcp_args "-MA4"`) {
		t.Error("dhcp_args without a warning")
	}
}

func TestWhatFailsIsNamed(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cable(t, "eth0", "peer0")
	if err := netlink.LinkSetDown(cable(t, "eth1", "peer1")); err != nil {
		t.Fatal(err)
	}
	cable(t, "eth2", "peer2")
	root := newRoot(t)
	var told journal
	said, _ := running(t, Options{Root: root, Tell: told.add, Network: config.Network{DHCPTimeout: 1, Interfaces: map[string]config.Interface{
		"eth0": {DHCP: true},
		"eth1": {DHCP: true},
		"eth2": {Addresses: []string{"198.51.100.300/24", "198.51.100.2/24"}, Gateway: "nowhere", VLANs: "9999"},
	}}})
	networkDone(t, root)
	for _, want := range []string{
		"eth0: not waited for any longer: no DHCP server has answered",
		"eth1: not waited for any longer: it has no carrier",
		"eth2: adding 198.51.100.300/24: ",
		`gateway: "nowhere" is no address`,
		`eth2: vlans: "9999"`,
	} {
		if !said.has(want) {
			t.Errorf("nothing said %q", want)
		}
	}
	if !told.has("eth0: not waited for") || !told.has("eth1: not waited for") || told.has("eth2") {
		t.Error("what has to be told of links that nobody waits for")
	}
	if got := addressTexts(t, "eth2"); got != "198.51.100.2/24" {
		t.Errorf("eth2 has %q", got)
	}
}

func TestReadOfLeases(t *testing.T) {
	read := func(modifiers ...dhcpv4.Modifier) (grant, error) {
		ack, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithYourIP(net.IPv4(192, 0, 2, 7))}, modifiers...)...)
		if err != nil {
			t.Fatal(err)
		}
		return read(&nclient4.Lease{ACK: ack})
	}
	if _, err := read(dhcpv4.WithYourIP(net.IPv4zero)); err == nil {
		t.Error("a lease without an address was taken")
	}
	zero, err := read(dhcpv4.WithLeaseTime(0))
	if err != nil || zero.renew != time.Second {
		t.Errorf("a lease of nothing is renewed after %v, %v", zero.renew, err)
	}
	endless, err := read(dhcpv4.WithLeaseTime(math.MaxUint32), dhcpv4.WithNetmask(net.CIDRMask(20, 32)))
	if address := endless.lifetime(); err != nil || address.ValidLft != 0 || address.IPNet.String() != "192.0.2.7/20" {
		t.Errorf("an endless lease: %v for %d s, %v", address, address.ValidLft, err)
	}
	hostile, err := read(dhcpv4.WithOption(dhcpv4.OptDomainName("lan ok.example a;b x\nnameserver")))
	if got := strings.Join(hostile.names.search, " "); err != nil || got != "lan ok.example x nameserver" {
		t.Errorf("search %q, %v", got, err)
	}
	outside, err := read(dhcpv4.WithNetmask(net.CIDRMask(32, 32)), dhcpv4.WithRouter(net.IPv4(203, 0, 113, 1)))
	if err != nil {
		t.Fatal(err)
	}
	routes := outside.routesOf(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: 3}})
	if len(routes) != 2 || routes[0].Dst.String() != "203.0.113.1/32" || routes[1].Gw.String() != "203.0.113.1" {
		t.Errorf("routes by a router outside: %v", routes)
	}
}
