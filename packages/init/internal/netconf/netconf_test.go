package netconf

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
)

func TestDHCP(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	peer := cable(t, "eth0", "server0")
	var server server
	server.start(t, peer)
	root := newRoot(t)
	dns := config.DNS{Nameservers: []string{"8.8.8.8"}, Search: []string{"own.example"}}
	running(t, Options{Network: config.Network{DNS: dns}, Root: root})
	networkDone(t, root)
	if got := addressTexts(t, "eth0"); got != "192.0.2.77/24" {
		t.Errorf("eth0 has %q", got)
	}
	if got := addressTexts(t, "lo"); got != "127.0.0.1/8" {
		t.Errorf("lo has %q", got)
	}
	content, err := os.ReadFile(filepath.Join(root, resolvFile))
	if want := "search lan.example own.example\nnameserver 192.0.2.1\nnameserver 8.8.8.8\n"; err != nil || string(content) != want {
		t.Errorf("resolv.conf %q (%v), want %q", content, err, want)
	}
	link, err := netlink.LinkByName("eth0")
	if err != nil || link.Attrs().MTU != 1300 {
		t.Errorf("MTU %d (%v), want the server's 1300", link.Attrs().MTU, err)
	}
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.IPv4(192, 0, 2, 1)}, netlink.RT_FILTER_OIF+netlink.RT_FILTER_GW)
	if err != nil || len(routes) != 1 {
		t.Errorf("default route: %v, %v", routes, err)
	}
	seen := server.requests.Load()
	eventually(t, "the lease is renewed", func() bool { return server.requests.Load() > seen })
	server.refuse.Store(true)
	eventually(t, "the address goes when the server refuses it", func() bool { return addressTexts(t, "eth0") == "" })
	server.refuse.Store(false)
	eventually(t, "a new lease", func() bool { return addressTexts(t, "eth0") == "192.0.2.77/24" })
}

func TestFixedAddressesAndLateLinks(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cable(t, "eth5", "peer5")
	root := newRoot(t)
	running(t, Options{Root: root, Network: config.Network{Interfaces: map[string]config.Interface{
		"eth*": {Addresses: []string{"198.51.100.2/24", "198.51.100.3"}, MTU: 1400},
		"late": {Address: "203.0.113.5/24", Gateway: "203.0.113.1"},
	}}})
	networkDone(t, root)
	if got := addressTexts(t, "eth5"); got != "198.51.100.2/24 198.51.100.3/32" {
		t.Errorf("eth5 has %q", got)
	}
	if err := netlink.LinkAdd(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: "late"}}); err != nil {
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "late"}, PeerName: "later"}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the address of a link that came late", func() bool { return addressTexts(t, "late") == "203.0.113.5/24" })
	if got := addressTexts(t, "lo"); got != "127.0.0.1/8" {
		t.Errorf("lo has %q", got)
	}
}
