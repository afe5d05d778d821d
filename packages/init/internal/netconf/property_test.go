package netconf

import (
	"strings"
	"testing"

	"rancheros-kit/init/internal/config"
)

// Whatever patterns there are: a card's own address beats its name, and its name every glob.
func FuzzMatchInterface(f *testing.F) {
	f.Add("eth0", "eth*")
	f.Add("[a", "[")
	f.Fuzz(func(t *testing.T, name, pattern string) {
		const mac = "52:54:00:00:00:01"
		if strings.HasPrefix(name, macPrefix) || strings.HasPrefix(pattern, macPrefix) || name == pattern {
			return
		}
		all := map[string]config.Interface{pattern: {MTU: 1}, "mac=" + mac: {MTU: 3}}
		if found, matched := match(all, name, mac); !matched || found.MTU != 3 {
			t.Errorf("%q by its address: %+v", name, found)
		}
		all[name] = config.Interface{MTU: 2}
		if found, matched := match(all, name, "52:54:00:00:00:02"); !matched || found.MTU != 2 {
			t.Errorf("%q by its name beside %q: %+v", name, pattern, found)
		}
	})
}

func FuzzVLANs(f *testing.F) {
	f.Add("100,200:name, 4095,x:y,,1:")
	f.Fuzz(func(t *testing.T, text string) {
		list, _ := parseVLANs("eth0", text)
		for _, vlan := range list {
			if vlan.id < firstVLAN || vlan.id > lastVLAN || vlan.name == "" {
				t.Errorf("%q has %+v", text, vlan)
			}
		}
	})
}
