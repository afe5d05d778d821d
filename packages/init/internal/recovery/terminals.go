// Package recovery opens root shells on the machine's consoles, for whoever stands before a machine that does not boot.
package recovery

import (
	"slices"
	"strings"

	"rancheros-kit/init/internal/cmdline"
)

// Terminals are those on which a root shell may open, without asking for a password: all consoles when it is asked for by
// rancher.recovery, else those that rancher.autologin names, where rancher, who may become root, is logged in anyway.
func Terminals(commandLine string, asked bool, autologin []string) []string {
	var names []string
	for _, name := range append(cmdline.Consoles(commandLine), "tty1") {
		if name == "tty0" || name == "tty" {
			name = "tty1" // the terminal that is shown, which can not control a session
		}
		if !slices.Contains(names, name) && !strings.Contains(name, "/") && (asked || slices.Contains(autologin, name)) {
			names = append(names, name)
		}
	}
	return names
}
