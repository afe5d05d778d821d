package netconf

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
	"github.com/vishvananda/netlink"
)

// inNamespace runs the test in a process of its own, whose network namespace is new, and reports true there.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const marker = "ROS_TEST_NAMESPACE"
	if os.Getenv(marker) == t.Name() {
		return true
	}
	if os.Getuid() != 0 {
		t.Fatal("this test needs root, to make a network namespace")
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), marker+"="+t.Name())
	// The mount namespace is for /sys, which shows the links of the network namespace that mounted it.
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Unshareflags: syscall.CLONE_NEWNS}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return false
}

// cable makes the two ends of a veth pair.
func cable(t *testing.T, name, other string) netlink.Link {
	t.Helper()
	if err := syscall.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: other}); err != nil {
		t.Fatal(err)
	}
	link, err := netlink.LinkByName(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		t.Fatal(err)
	}
	return link
}

// server answers on a link: leases of some seconds, until refuse is set.
type server struct {
	requests atomic.Int32
	refuse   atomic.Bool
}

func (s *server) start(t *testing.T, link netlink.Link) {
	t.Helper()
	own := net.IPv4(192, 0, 2, 1)
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: own, Mask: net.CIDRMask(24, 32)}}); err != nil {
		t.Fatal(err)
	}
	answer := func(conn net.PacketConn, peer net.Addr, request *dhcpv4.DHCPv4) {
		kind := dhcpv4.MessageTypeOffer
		if request.MessageType() == dhcpv4.MessageTypeRequest {
			s.requests.Add(1)
			kind = dhcpv4.MessageTypeAck
			if s.refuse.Load() {
				kind = dhcpv4.MessageTypeNak
			}
		}
		reply, err := dhcpv4.NewReplyFromRequest(request,
			dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(192, 0, 2, 77)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
			dhcpv4.WithRouter(own), dhcpv4.WithDNS(own), dhcpv4.WithLeaseTime(4), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(own)),
			dhcpv4.WithOption(dhcpv4.OptDomainName("lan.example")), dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionInterfaceMTU, []byte{0x05, 0x14})))
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(reply.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpv4.ClientPort})
	}
	listener, err := server4.NewServer(link.Attrs().Name, &net.UDPAddr{Port: dhcpv4.ServerPort}, answer)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = listener.Serve() }()
	t.Cleanup(func() { _ = listener.Close() })
}

// eventually asks until it is so; the limit is far above what any machine needs.
func eventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if isSo() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func addressTexts(t *testing.T, name string) string {
	t.Helper()
	link, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, address := range list {
		texts = append(texts, address.IPNet.String())
	}
	return strings.Join(texts, " ")
}

func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, directory := range []string{"etc", "run"} {
		if err := os.Mkdir(filepath.Join(root, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// running starts Run and stops it at the end of the test.
func running(t *testing.T, cfg config.Network, root string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Network: cfg, Root: root, Log: func(format string, arguments ...any) { fmt.Printf(format+"\n", arguments...) }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestDHCP(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	peer := cable(t, "eth0", "server0")
	var server server
	server.start(t, peer)
	root := newRoot(t)
	running(t, config.Network{DNS: config.DNS{Nameservers: []string{"8.8.8.8"}, Search: []string{"own.example"}}}, root)
	eventually(t, "network.done", func() bool { _, err := os.Stat(filepath.Join(root, doneFile)); return err == nil })
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
	running(t, config.Network{Interfaces: map[string]config.Interface{
		"eth*": {Addresses: []string{"198.51.100.2/24", "198.51.100.3"}, MTU: 1400},
		"late": {Address: "203.0.113.5/24", Gateway: "203.0.113.1"},
	}}, root)
	eventually(t, "network.done", func() bool { _, err := os.Stat(filepath.Join(root, doneFile)); return err == nil })
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
