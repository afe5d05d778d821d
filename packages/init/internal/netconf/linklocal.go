package netconf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// RFC 3927 section 2.2 asks for three probes; they are closer together than it says, as a cloud's metadata service waits
// behind the address.
const (
	probes        = 3
	probeTime     = 250 * time.Millisecond
	maxCandidates = 10
	arpRequest    = 1
)

var errInUse = errors.New("in use")

// linkLocal gives the link an address of 169.254/16 that nobody answers for, unless it has one.
func (w *worker) linkLocal(ctx context.Context) error {
	list, err := netlink.AddrList(w.link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, have := range list {
		if have.IP.IsLinkLocalUnicast() {
			return nil
		}
	}
	limit, stop := context.WithTimeout(ctx, carrierLimit)
	defer stop()
	w.carrier.wait(limit)
	hardware := w.link.Attrs().HardwareAddr
	for _, candidate := range linkLocalCandidates(hardware) {
		err := probe(ctx, w.link, candidate)
		if errors.Is(err, errInUse) {
			w.network.log("%s: %v is in use, trying another address", w.name, candidate)
			continue
		}
		if err != nil {
			return fmt.Errorf("ipv4ll: %w", err)
		}
		address := &netlink.Addr{IPNet: &net.IPNet{IP: candidate, Mask: net.CIDRMask(16, 32)}, Scope: int(netlink.SCOPE_LINK)}
		if err := netlink.AddrAdd(w.link, address); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("ipv4ll: adding %v: %w", candidate, err)
		}
		return nil
	}
	return fmt.Errorf("ipv4ll: %d addresses are all in use", maxCandidates)
}

// linkLocalCandidates follow from the hardware address, so that a machine has the same address on each boot (RFC 3927
// section 2.1); the first and the last 256 addresses are reserved.
func linkLocalCandidates(hardware net.HardwareAddr) []net.IP {
	hash := fnv.New64a()
	_, _ = hash.Write(hardware)
	random := rand.New(rand.NewPCG(hash.Sum64(), 0))
	list := make([]net.IP, maxCandidates)
	for index := range list {
		list[index] = net.IPv4(169, 254, byte(1+random.IntN(254)), byte(random.IntN(256))).To4()
	}
	return list
}

// probe asks who has an address (RFC 5227 section 2.1.1): errInUse when somebody does, or wants it too.
func probe(ctx context.Context, link netlink.Link, candidate net.IP) error {
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ARP))
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	everyone := &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: link.Attrs().Index, Halen: 6,
		Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	if err := unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: link.Attrs().Index}); err != nil {
		return err
	}
	timeout := unix.NsecToTimeval(int64(probeTime / 5))
	if err := unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return err
	}
	own := link.Attrs().HardwareAddr
	for range probes {
		if err := unix.Sendto(socket, arpProbe(own, candidate), 0, everyone); err != nil {
			return err
		}
		for end := time.Now().Add(probeTime); time.Now().Before(end); {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			packet := make([]byte, 64)
			length, _, err := unix.Recvfrom(socket, packet, 0)
			if err == nil && claims(packet[:length], own, candidate) {
				return errInUse
			}
			if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
				return err
			}
		}
	}
	return nil
}

// arpProbe is RFC 826's packet for Ethernet and IPv4, with no sender address.
func arpProbe(own net.HardwareAddr, candidate net.IP) []byte {
	packet := []byte{0, 1, 8, 0, 6, 4, 0, arpRequest}
	packet = append(packet, own...)
	packet = append(packet, 0, 0, 0, 0)
	packet = append(packet, 0, 0, 0, 0, 0, 0)
	return append(packet, candidate.To4()...)
}

// claims says whether a packet shows that another one has the address, or probes for it.
func claims(packet []byte, own net.HardwareAddr, candidate net.IP) bool {
	if len(packet) < 28 || !bytes.Equal(packet[:6], []byte{0, 1, 8, 0, 6, 4}) || bytes.Equal(packet[8:14], own) {
		return false
	}
	sender, target := net.IP(packet[14:18]), net.IP(packet[24:28])
	return sender.Equal(candidate) || packet[7] == arpRequest && sender.IsUnspecified() && target.Equal(candidate)
}
