package console

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/version"

	"github.com/vishvananda/netlink"
)

// issueDelay gathers the addresses that come one after the other.
const issueDelay = 500 * time.Millisecond

// writeIssue writes what agetty shows before the login: the version, the host's name, the terminal, and each address of the
// machine with its interface.
func writeIssue(root string, addresses []string) error {
	text := fmt.Sprintf("\nRancherOS %s \\n \\l\n\n", version.Version)
	for _, address := range addresses {
		text += address + "\n"
	}
	if len(addresses) > 0 {
		text += "\n"
	}
	return atomicfile.Write(filepath.Join(root, "/etc/issue"), []byte(text), 0o644, nil)
}

// addresses are those that the machine is reached by, as `eth0: 192.0.2.1/24`, in the order of the interfaces. Those of bridges
// and pairs that docker makes are left out.
func addresses() []string {
	interfaces, err := net.Interfaces()
	if err != nil {
		log("listing interfaces: %v", err)
	}
	var list []string
	for _, found := range interfaces {
		if found.Flags&net.FlagLoopback != 0 || strings.HasPrefix(found.Name, "docker") || strings.HasPrefix(found.Name, "br-") || strings.HasPrefix(found.Name, "veth") {
			continue
		}
		networks, err := found.Addrs()
		if err != nil {
			continue
		}
		for _, network := range networks {
			if address, _, err := net.ParseCIDR(network.String()); err == nil && address.IsGlobalUnicast() {
				list = append(list, found.Name+": "+network.String())
			}
		}
	}
	return list
}

// keepIssue writes the addresses anew whenever they change, and has the terminals show them.
func keepIssue(ctx context.Context) {
	changes := make(chan netlink.AddrUpdate, 16)
	if err := netlink.AddrSubscribe(changes, ctx.Done()); err != nil {
		log("watching addresses: %v", err)
		return
	}
	// What came between the first look and the watch.
	shown := []string(nil)
	for {
		now := addresses()
		if !slices.Equal(now, shown) {
			shown = now
			if err := writeIssue("/", now); err != nil {
				log("%v", err)
			}
			if err := exec.CommandContext(ctx, "/sbin/agetty", "--reload").Run(); err != nil && ctx.Err() == nil {
				log("agetty --reload: %v", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open {
				return
			}
		}
		time.Sleep(issueDelay)
		for len(changes) > 0 {
			<-changes
		}
	}
}
