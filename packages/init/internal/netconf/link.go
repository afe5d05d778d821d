package netconf

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setUp applies MTU, membership and state. All of it is tried; the error joins what failed.
func setUp(link netlink.Link, entry config.Interface) error {
	var problems []error
	problem := func(what string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
		}
	}
	if entry.MTU != 0 {
		problem(fmt.Sprintf("setting the MTU to %d", entry.MTU), netlink.LinkSetMTU(link, entry.MTU))
	}
	if master := masterOf(link.Attrs().Name, entry); master != "" {
		problem("making it a part of "+master, join(link, master, entry.Bond != ""))
	}
	problem("setting it up", netlink.LinkSetUp(link))
	return errors.Join(problems...)
}

// masterOf is the bond or bridge that an interface is to be a part of; none is empty.
func masterOf(name string, entry config.Interface) string {
	master := entry.Bond
	if _, isTruth := truth[strings.ToLower(entry.Bridge)]; master == "" && !isTruth {
		master = entry.Bridge
	}
	if master == name {
		return ""
	}
	return master
}

// join makes a link a part of a bond, which wants it down before, or of a bridge.
func join(link netlink.Link, name string, bond bool) error {
	master, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	now, err := netlink.LinkByIndex(link.Attrs().Index)
	if err != nil {
		return err
	}
	if now.Attrs().MasterIndex == master.Attrs().Index {
		return nil
	}
	if bond {
		if err := netlink.LinkSetDown(link); err != nil {
			return err
		}
	}
	return netlink.LinkSetMaster(link, master)
}

// setAddresses adds the fixed addresses and then the routes by the gateways; what is there already is fine.
func setAddresses(link netlink.Link, entry config.Interface) error {
	var problems []error
	var networks []*net.IPNet
	for _, text := range fixedAddresses(entry) {
		address, err := parseAddress(text)
		if err == nil {
			networks = append(networks, address.IPNet)
			err = netlink.AddrAdd(link, address)
		}
		if err != nil && !errors.Is(err, unix.EEXIST) {
			problems = append(problems, fmt.Errorf("adding %s: %w", text, err))
		}
	}
	for _, gateway := range []struct {
		key, text string
		is4       bool
	}{{"gateway", entry.Gateway, true}, {"gateway_ipv6", entry.GatewayIPv6, false}} {
		if gateway.text == "" {
			continue
		}
		address := net.ParseIP(gateway.text)
		if address == nil || !gateway.is4 && address.To4() != nil {
			problems = append(problems, fmt.Errorf("%s: %q is no address that fits", gateway.key, gateway.text))
			continue
		}
		if err := routeBy(link, address, networks); err != nil {
			problems = append(problems, fmt.Errorf("%s: routing by %s: %w", gateway.key, gateway.text, err))
		}
	}
	return errors.Join(problems...)
}

// routeBy makes the default route. A gateway outside of the link's own networks is on the link all the same.
func routeBy(link netlink.Link, gateway net.IP, networks []*net.IPNet) error {
	route := netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway, Protocol: unix.RTPROT_STATIC, Flags: int(netlink.FLAG_ONLINK)}
	for _, own := range networks {
		if own.Contains(gateway) {
			route.Flags = 0
		}
	}
	return netlink.RouteReplace(&route)
}

func fixedAddresses(entry config.Interface) []string {
	list := append([]string{}, entry.Addresses...)
	if entry.Address != "" {
		list = append([]string{entry.Address}, list...)
	}
	return list
}

// parseAddress reads address/length; without a length it is the address alone.
func parseAddress(text string) (*netlink.Addr, error) {
	if !strings.Contains(text, "/") {
		if strings.Contains(text, ":") {
			text += "/128"
		} else {
			text += "/32"
		}
	}
	return netlink.ParseAddr(text)
}
