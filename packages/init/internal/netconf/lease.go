package netconf

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// defaultLease is for servers that do not say how long a lease is.
const defaultLease = time.Hour

// routeMetric keeps the routes of leases behind those of the configuration; the link's index makes them differ.
const routeMetric = 1024

// grant is what a DHCP server gave.
type grant struct {
	address *net.IPNet
	routes  []netlink.Route
	mtu     int
	names   names
	// renew and end count from when the lease was given.
	renew, end time.Duration
}

// read takes a lease apart (RFC 2132, RFC 3442). The error says that it has no usable address.
func read(lease *nclient4.Lease) (grant, error) {
	ack := lease.ACK
	address := ack.YourIPAddr.To4()
	if address == nil || address.IsUnspecified() {
		return grant{}, errors.New("the server's answer has no address")
	}
	mask := ack.SubnetMask()
	if mask == nil {
		mask = address.DefaultMask()
	}
	given := grant{address: &net.IPNet{IP: address, Mask: mask}}
	if mtu, err := dhcpv4.GetUint16(dhcpv4.OptionInterfaceMTU, ack.Options); err == nil {
		given.mtu = int(mtu)
	}
	given.routes = routes(ack)
	for _, server := range ack.DNS() {
		given.names.servers = append(given.names.servers, server.String())
	}
	if search := ack.DomainSearch(); search != nil {
		given.names.search = search.Labels
	} else if domain := ack.DomainName(); domain != "" {
		given.names.search = []string{domain}
	}
	given.end = ack.IPAddressLeaseTime(defaultLease)
	given.renew = ack.IPAddressRenewalTime(given.end / 2)
	if given.renew <= 0 || given.renew >= given.end {
		given.renew = given.end / 2
	}
	return given, nil
}

// routes are the classless static routes, or where the server sends none, the default route by its first router.
func routes(ack *dhcpv4.DHCPv4) []netlink.Route {
	var list []netlink.Route
	for _, route := range ack.ClasslessStaticRoute() {
		list = append(list, netlink.Route{Dst: route.Dest, Gw: unspecifiedAsNil(route.Router)})
	}
	if len(list) == 0 {
		if routers := ack.Router(); len(routers) > 0 {
			list = append(list, netlink.Route{Gw: routers[0]})
		}
	}
	return list
}

func unspecifiedAsNil(address net.IP) net.IP {
	if address.IsUnspecified() {
		return nil
	}
	return address
}

// apply gives the link what was granted. An MTU of the configuration stands above the server's.
func (g grant) apply(link netlink.Link, configuredMTU int) error {
	if configuredMTU == 0 && g.mtu > 0 {
		if err := netlink.LinkSetMTU(link, g.mtu); err != nil {
			return fmt.Errorf("setting the MTU to %d: %w", g.mtu, err)
		}
	}
	if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: g.address}); err != nil {
		return fmt.Errorf("adding %v: %w", g.address, err)
	}
	for _, route := range g.routes {
		if err := g.addRoute(link, route); err != nil {
			return err
		}
	}
	return nil
}

func (g grant) addRoute(link netlink.Link, route netlink.Route) error {
	route.LinkIndex = link.Attrs().Index
	route.Priority = routeMetric + route.LinkIndex
	route.Protocol = unix.RTPROT_DHCP
	if route.Gw == nil {
		route.Scope = netlink.SCOPE_LINK
	} else if !g.address.Contains(route.Gw) {
		// Clouds hand out single addresses with a router outside of them.
		direct := netlink.Route{LinkIndex: route.LinkIndex, Dst: single(route.Gw), Scope: netlink.SCOPE_LINK, Protocol: unix.RTPROT_DHCP}
		if err := netlink.RouteReplace(&direct); err != nil {
			return fmt.Errorf("routing to %v: %w", route.Gw, err)
		}
	}
	if err := netlink.RouteReplace(&route); err != nil {
		return fmt.Errorf("routing %v by %v: %w", route.Dst, route.Gw, err)
	}
	return nil
}

func single(address net.IP) *net.IPNet {
	return &net.IPNet{IP: address, Mask: net.CIDRMask(32, 32)}
}

// withdraw takes the address from the link; the kernel removes the routes that need it.
func (g grant) withdraw(link netlink.Link) error {
	if g.address == nil {
		return nil
	}
	err := netlink.AddrDel(link, &netlink.Addr{IPNet: g.address})
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		return nil
	}
	return err
}
