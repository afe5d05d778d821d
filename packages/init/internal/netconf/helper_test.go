package netconf

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS, Unshareflags: syscall.CLONE_NEWNS}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return false
}

// mountSys makes /sys show the links of this network namespace.
func mountSys(t *testing.T) {
	t.Helper()
	if err := syscall.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		t.Fatal(err)
	}
}

// cable makes the two ends of a veth pair.
func cable(t *testing.T, name, other string) netlink.Link {
	t.Helper()
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
	// last is the last number of the address that it gives, 77 unless set.
	last atomic.Int32
	// lease is how many seconds it gives it for, 4 unless set.
	lease    atomic.Int32
	hostname string
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
		last, lease := byte(77), uint32(4)
		if set := s.last.Load(); set != 0 {
			last = byte(set)
		}
		if set := s.lease.Load(); set != 0 {
			lease = uint32(set)
		}
		reply, err := dhcpv4.NewReplyFromRequest(request,
			dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(192, 0, 2, last)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
			dhcpv4.WithRouter(own), dhcpv4.WithDNS(own), dhcpv4.WithLeaseTime(lease), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(own)),
			dhcpv4.WithOption(dhcpv4.OptDomainName("lan.example")), dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionInterfaceMTU, []byte{0x05, 0x14})))
		if err != nil {
			return
		}
		if s.hostname != "" {
			reply.UpdateOption(dhcpv4.OptHostName(s.hostname))
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

// journal keeps what netconf says.
type journal struct {
	lock sync.Mutex
	text strings.Builder
}

func (j *journal) add(format string, arguments ...any) {
	j.lock.Lock()
	defer j.lock.Unlock()
	fmt.Printf(format+"\n", arguments...)
	fmt.Fprintf(&j.text, format+"\n", arguments...)
}

func (j *journal) has(text string) bool {
	j.lock.Lock()
	defer j.lock.Unlock()
	return strings.Contains(j.text.String(), text)
}

// running starts Run and stops it at the end of the test, or when the result is called.
func running(t *testing.T, options Options) (said *journal, stop func()) {
	t.Helper()
	said = &journal{}
	options.Log = said.add
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, options) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return said, stop
}

// networkDone waits for the file that says so.
func networkDone(t *testing.T, root string) {
	t.Helper()
	eventually(t, "network.done", func() bool { _, err := os.Stat(filepath.Join(root, doneFile)); return err == nil })
}
