package netconf

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A link that was just set up has no carrier for a moment; what is sent before that is lost.
const (
	carrierLimit = 5 * time.Second
	carrierRetry = 20 * time.Millisecond
)

// setUp applies all that needs no server: MTU, state, fixed addresses, gateway.
func setUp(link netlink.Link, entry config.Interface) error {
	var problems []error
	problem := func(what string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", link.Attrs().Name, what, err))
		}
	}
	if entry.MTU != 0 {
		problem(fmt.Sprintf("setting the MTU to %d", entry.MTU), netlink.LinkSetMTU(link, entry.MTU))
	}
	problem("setting it up", netlink.LinkSetUp(link))
	for _, address := range addresses(entry) {
		problem("adding "+address, addAddress(link, address))
	}
	if entry.Gateway != "" {
		gateway := net.ParseIP(entry.Gateway)
		if gateway == nil {
			problem("gateway", fmt.Errorf("%q is no address", entry.Gateway))
		} else {
			problem("routing by "+entry.Gateway, netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway}))
		}
	}
	return errors.Join(problems...)
}

func addresses(entry config.Interface) []string {
	list := append([]string{}, entry.Addresses...)
	if entry.Address != "" {
		list = append([]string{entry.Address}, list...)
	}
	return list
}

// addAddress adds address/length; without a length it is the address alone. An address that is there already is fine.
func addAddress(link netlink.Link, text string) error {
	if !strings.Contains(text, "/") {
		if strings.Contains(text, ":") {
			text += "/128"
		} else {
			text += "/32"
		}
	}
	address, err := netlink.ParseAddr(text)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// waitForCarrier waits until the link can send, or gives up and lets the sender try.
func waitForCarrier(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, carrierLimit)
	defer cancel()
	for {
		content, err := os.ReadFile("/sys/class/net/" + name + "/carrier")
		if err == nil && strings.TrimSpace(string(content)) == "1" {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(carrierRetry):
		}
	}
}
