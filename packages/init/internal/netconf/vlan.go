package netconf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The tags of IEEE 802.1Q, clause 9.6; 0 is priority alone and 4095 is reserved.
const (
	firstVLAN = 1
	lastVLAN  = 4094
)

type vlan struct {
	id   int
	name string
}

// parseVLANs reads `id[:name],…`; without a name it is the interface's, a dot and the number. What can not be read is left
// out; the error joins it.
func parseVLANs(link, text string) ([]vlan, error) {
	var list []vlan
	var problems []error
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		number, name, named := strings.Cut(part, ":")
		id, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || id < firstVLAN || id > lastVLAN {
			problems = append(problems, fmt.Errorf("vlans: %q, want a number from %d to %d", part, firstVLAN, lastVLAN))
			continue
		}
		if name = strings.TrimSpace(name); !named || name == "" {
			name = fmt.Sprintf("%s.%d", link, id)
		}
		list = append(list, vlan{id: id, name: name})
	}
	return list, errors.Join(problems...)
}
