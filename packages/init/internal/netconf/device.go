package netconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/kmod"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const sysDirectory = "/sys"

// truth are the texts of a truth value: `bridge` is one, or a bridge's name.
var truth = map[string]bool{"true": true, "yes": true, "on": true, "": false, "false": false, "no": false, "off": false}

// makeDevices makes the bridges and bonds that the configuration speaks of, before anything can become a part of them.
func (n *network) makeDevices() {
	made := map[string]bool{}
	device := func(name string, create func(string) error) {
		if made[name] {
			return
		}
		made[name] = true
		err := create(name)
		if _, configured := match(n.config, name); err == nil && !configured {
			err = bringUp(name)
		}
		if err != nil {
			n.log("%s: %v", name, err)
		}
	}
	bond := func(name string) error { return makeBond(name, n.config[name].BondOpts) }
	for _, key := range sortedKeys(n.config) {
		entry := n.config[key]
		if isBridge, isTruth := truth[strings.ToLower(entry.Bridge)]; isBridge {
			device(key, makeBridge)
		} else if !isTruth {
			device(entry.Bridge, makeBridge)
		}
		if len(entry.BondOpts) > 0 {
			device(key, bond)
		}
		if entry.Bond != "" {
			device(entry.Bond, bond)
		}
	}
}

func bringUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// add makes a link; one of this name that is there already is kept. The module is loaded first where it is missing.
func add(link netlink.Link, module, options string) error {
	name := link.Attrs().Name
	if len(name) >= unix.IFNAMSIZ {
		return fmt.Errorf("the name has %d characters, limit %d", len(name), unix.IFNAMSIZ-1)
	}
	if strings.ContainsAny(name, "*?[]=") {
		return fmt.Errorf("a %s needs a name, not a pattern", link.Type())
	}
	have, err := netlink.LinkByName(name)
	if err == nil {
		if have.Type() != link.Type() {
			return fmt.Errorf("it is there already as a %s, want a %s", have.Type(), link.Type())
		}
		return nil
	}
	loadErr := load(module, options)
	if err := netlink.LinkAdd(link); err != nil && !errors.Is(err, unix.EEXIST) {
		return errors.Join(fmt.Errorf("making a %s: %w", link.Type(), err), loadErr)
	}
	return nil
}

// load asks for a module that the kernel does not have yet.
func load(module, options string) error {
	if _, err := os.Stat(filepath.Join(sysDirectory, "module", module)); err == nil {
		return nil
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	loader, err := kmod.NewLoader("/", string(line))
	if err != nil {
		return fmt.Errorf("loading %s: %w", module, err)
	}
	loader.Options[module] = strings.TrimSpace(options + " " + loader.Options[module])
	return loader.Load(module)
}

// makeBridge makes a bridge that forwards at once: without a spanning tree there is no loop to wait out.
func makeBridge(name string) error {
	if err := add(&netlink.Bridge{LinkAttrs: attributes(name)}, "bridge", ""); err != nil {
		return err
	}
	path := filepath.Join(sysDirectory, "class/net", name, "bridge")
	if spanning, err := os.ReadFile(filepath.Join(path, "stp_state")); err == nil && strings.TrimSpace(string(spanning)) != "0" {
		return nil
	}
	return writeSys(filepath.Join(path, "forward_delay"), "0")
}

func attributes(name string) netlink.LinkAttrs {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	return attributes
}

func writeSys(path, value string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// vlans makes the VLANs on top of the link and begins them.
func (w *worker) vlans() {
	list, err := parseVLANs(w.name, w.entry.VLANs)
	w.report(err)
	for _, vlan := range list {
		attributes := attributes(vlan.name)
		attributes.ParentIndex = w.link.Attrs().Index
		err := add(&netlink.Vlan{LinkAttrs: attributes, VlanId: vlan.id, VlanProtocol: netlink.VLAN_PROTOCOL_8021Q}, "8021q", "")
		if err != nil {
			w.report(fmt.Errorf("VLAN %d, %s: %w", vlan.id, vlan.name, err))
			continue
		}
		made, err := netlink.LinkByName(vlan.name)
		if err != nil {
			w.report(err)
			continue
		}
		w.network.begin(w.all, made)
		if _, configured := match(w.network.config, vlan.name, addressesOf(made)...); !configured {
			w.report(netlink.LinkSetUp(made))
		}
	}
}
