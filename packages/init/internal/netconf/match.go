// Package netconf gives the machine's network interfaces their configuration: fixed addresses, or those of a DHCP server,
// whose lease it keeps alive.
package netconf

import (
	"path"
	"sort"
	"strings"

	"rancheros-kit/init/internal/config"
)

const macPrefix = "mac="

// match finds the configuration of an interface: by its MAC address before by its exact name before by a glob, the longest
// glob first. `match` of an entry stands for its key.
func match(interfaces map[string]config.Interface, name, mac string) (config.Interface, bool) {
	best, bestRank, bestKey := config.Interface{}, 0, ""
	for _, key := range sortedKeys(interfaces) {
		entry := interfaces[key]
		pattern := entry.Match
		if pattern == "" {
			pattern = key
		}
		rank := rankOf(pattern, name, mac)
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

func rankOf(pattern, name, mac string) int {
	if address, isMAC := strings.CutPrefix(pattern, macPrefix); isMAC {
		if strings.EqualFold(address, mac) && mac != "" {
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

func sortedKeys(interfaces map[string]config.Interface) []string {
	keys := make([]string, 0, len(interfaces))
	for key := range interfaces {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
