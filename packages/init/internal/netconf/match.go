// Package netconf gives the machine's network interfaces their configuration: fixed addresses, or those of a DHCP server,
// whose lease it keeps alive.
package netconf

import (
	"net"
	"path"
	"slices"
	"sort"
	"strings"

	"rancheros-kit/init/internal/config"

	"github.com/vishvananda/netlink"
)

const macPrefix = "mac="

// match finds the configuration of an interface: by its MAC address before by its exact name before by a glob, the longest
// glob first. `match` of an entry stands for its key.
func match(interfaces map[string]config.Interface, name string, macs ...string) (config.Interface, bool) {
	best, bestRank, bestKey := config.Interface{}, 0, ""
	for _, key := range sortedKeys(interfaces) {
		entry := interfaces[key]
		pattern := entry.Match
		if pattern == "" {
			pattern = key
		}
		rank := rankOf(pattern, name, macs)
		if rank > bestRank || rank == bestRank && rank == rankGlob && len(pattern) > len(bestKey) {
			best, bestRank, bestKey = entry, rank, pattern
		}
	}
	return best, bestRank > 0
}

const (
	rankGlob = 1 + iota
	rankName
	rankMAC
)

func rankOf(pattern, name string, macs []string) int {
	if text, isMAC := strings.CutPrefix(pattern, macPrefix); isMAC {
		if address, err := net.ParseMAC(text); err == nil && slices.Contains(macs, address.String()) {
			return rankMAC
		}
		return 0
	}
	if pattern == name {
		return rankName
	}
	if matched, err := path.Match(pattern, name); err == nil && matched {
		return rankGlob
	}
	return 0
}

// addressesOf are the hardware addresses that a link is known by. Devices on top of others have borrowed theirs, and so
// have the members of a bond: there it is the card's own one that counts.
func addressesOf(link netlink.Link) []string {
	switch link.Type() {
	case "vlan", "bridge", "bond", "macvlan", "ipvlan":
		return nil
	}
	attributes := link.Attrs()
	own := attributes.PermHWAddr
	if member, isMember := attributes.Slave.(*netlink.BondSlave); isMember && len(member.PermHardwareAddr) > 0 {
		return []string{member.PermHardwareAddr.String()}
	}
	if len(own) == 0 || attributes.HardwareAddr.String() == own.String() {
		return []string{attributes.HardwareAddr.String()}
	}
	return []string{own.String(), attributes.HardwareAddr.String()}
}

func sortedKeys(interfaces map[string]config.Interface) []string {
	keys := make([]string, 0, len(interfaces))
	for key := range interfaces {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
