package netconf

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// firstOptions are set before the others, in this order: the rest depends on the mode, and delays on miimon
// (Documentation/networking/bonding.rst).
var firstOptions = []string{"mode", "miimon"}

// makeBond makes a bond with its options. The module would make a bond by itself, of another mode, if it was not told to
// make none.
func makeBond(name string, options map[string]string) error {
	if err := add(netlink.NewLinkBond(attributes(name)), "bonding", "max_bonds=0"); err != nil {
		return err
	}
	return setBondOptions(filepath.Join(sysDirectory, "class/net", name, "bonding"), options)
}

// setBondOptions writes those that differ: some can not be written any more when the bond has members.
func setBondOptions(directory string, options map[string]string) error {
	var problems []error
	for _, name := range bondOrder(options) {
		if strings.ContainsAny(name, "/\x00") || strings.HasPrefix(name, ".") {
			problems = append(problems, fmt.Errorf("bond_opts: no option is called %q", name))
			continue
		}
		path, value := filepath.Join(directory, name), options[name]
		// The kernel shows a choice as its name and its number.
		if now, err := os.ReadFile(path); err == nil && slices.Contains(strings.Fields(string(now)), value) {
			continue
		}
		if err := writeSys(path, value); err != nil {
			problems = append(problems, fmt.Errorf("bond_opts: %s=%s: %w", name, value, err))
		}
	}
	return errors.Join(problems...)
}

func bondOrder(options map[string]string) []string {
	names := make([]string, 0, len(options))
	for name := range options {
		names = append(names, name)
	}
	rank := func(name string) int {
		if index := slices.Index(firstOptions, name); index >= 0 {
			return index
		}
		return len(firstOptions)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return names
}
