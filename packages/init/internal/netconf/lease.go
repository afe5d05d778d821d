package netconf

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"

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
	// hostname is what the server calls the machine.
	hostname string
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
	search := strings.Fields(ack.DomainName())
	if list := ack.DomainSearch(); list != nil {
		search = list.Labels
	}
	// The names go into files line by line: nothing else than names may.
	for _, domain := range search {
		if hostName.MatchString(domain) {
			given.names.search = append(given.names.search, domain)
		}
	}
	given.hostname = ack.HostName()
	given.end = ack.IPAddressLeaseTime(defaultLease)
	given.renew = ack.IPAddressRenewalTime(given.end / 2)
	if given.renew <= 0 || given.renew >= given.end {
		given.renew = given.end / 2
	}
	// A lease of nothing would be renewed without a pause.
	given.renew = max(given.renew, time.Second)
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

// apply gives the link what was granted, and takes from it what an earlier lease gave and this one does not. An MTU of the
// configuration stands above the server's.
func (g grant) apply(link netlink.Link, entry config.Interface, held *net.IPNet) error {
	if entry.MTU == 0 && g.mtu > 0 {
		if err := netlink.LinkSetMTU(link, g.mtu); err != nil {
			return fmt.Errorf("setting the MTU to %d: %w", g.mtu, err)
		}
	}
	// The old address goes first: a second one of the same network would go with it.
	if err := g.removeOthers(link, entry, held); err != nil {
		return err
	}
	if err := netlink.AddrReplace(link, g.lifetime()); err != nil {
		return fmt.Errorf("adding %v: %w", g.address, err)
	}
	wanted := g.routesOf(link)
	for _, route := range wanted {
		if err := netlink.RouteReplace(&route); err != nil {
			return fmt.Errorf("routing %v by %v: %w", route.Dst, route.Gw, err)
		}
	}
	return removeRoutes(link, wanted)
}

// lifetime makes the kernel drop the address when nobody renews it; that it ends marks it as a lease's.
func (g grant) lifetime() *netlink.Addr {
	address := &netlink.Addr{IPNet: g.address}
	if seconds := int64(g.end / time.Second); seconds < math.MaxUint32 {
		address.ValidLft, address.PreferedLft = int(seconds), int(seconds)
	}
	return address
}

// removeOthers removes the addresses of earlier leases, if they are not the granted one: what this process held, and what
// ends by itself, which a process before it has left.
func (g grant) removeOthers(link netlink.Link, entry config.Interface, held *net.IPNet) error {
	list, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	fixed := fixedAddresses(entry)
	for _, have := range list {
		text := have.IPNet.String()
		leased := have.Flags&unix.IFA_F_PERMANENT == 0 || held != nil && held.String() == text
		if !leased || text == g.address.String() || slices.Contains(fixed, text) {
			continue
		}
		if err := netlink.AddrDel(link, &netlink.Addr{IPNet: have.IPNet}); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("removing %v, which an earlier lease gave: %w", have.IPNet, err)
		}
	}
	return nil
}

// routesOf are the routes as the kernel has them, in the order in which they can be added.
func (g grant) routesOf(link netlink.Link) []netlink.Route {
	var list []netlink.Route
	index := link.Attrs().Index
	for _, route := range g.routes {
		route.LinkIndex = index
		route.Priority = routeMetric + index
		route.Protocol = unix.RTPROT_DHCP
		if route.Gw == nil {
			route.Scope = netlink.SCOPE_LINK
		} else if !g.address.Contains(route.Gw) {
			// Clouds hand out single addresses with a router outside of them.
			list = append(list, netlink.Route{LinkIndex: index, Dst: single(route.Gw), Scope: netlink.SCOPE_LINK, Protocol: unix.RTPROT_DHCP})
		}
		list = append(list, route)
	}
	return list
}

// removeRoutes removes those of leases that are not wanted.
func removeRoutes(link netlink.Link, wanted []netlink.Route) error {
	filter := &netlink.Route{LinkIndex: link.Attrs().Index, Protocol: unix.RTPROT_DHCP}
	have, err := netlink.RouteListFiltered(netlink.FAMILY_V4, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for _, route := range have {
		keep := slices.ContainsFunc(wanted, func(w netlink.Route) bool {
			return sameNetwork(w.Dst, route.Dst) && w.Gw.Equal(route.Gw) && w.Priority == route.Priority
		})
		if keep {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("removing the route to %v by %v: %w", route.Dst, route.Gw, err)
		}
	}
	return nil
}

// sameNetwork holds nil and 0.0.0.0/0 for the same.
func sameNetwork(a, b *net.IPNet) bool {
	text := func(n *net.IPNet) string {
		if n == nil {
			return "0.0.0.0/0"
		}
		return n.String()
	}
	return text(a) == text(b)
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
