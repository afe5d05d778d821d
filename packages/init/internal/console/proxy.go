package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
)

const proxyScript = "/etc/profile.d/proxy.sh"

// proxies are the settings (`NAME=value`) that can stand in a shell script and in sshd's options as they are.
func proxies(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		if strings.ContainsAny(pair, " \t\r\n'\"\\") {
			log("%q has a character that no proxy's setting has; left out", pair)
			continue
		}
		kept = append(kept, pair)
	}
	return kept
}

// writeProxy gives login shells the proxies of rancher.network; sessions by ssh without one have them from sshd.
func writeProxy(root string, environment []string) error {
	path := filepath.Join(root, proxyScript)
	var script strings.Builder
	for _, pair := range proxies(environment) {
		name, value, _ := strings.Cut(pair, "=")
		fmt.Fprintf(&script, "export %s='%s'\n", name, value)
	}
	if script.Len() == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(script.String()), 0o644, nil)
}

// sshd is the command of the ssh server (sshd_config(5), SetEnv).
func sshd(environment []string) []string {
	args := []string{"/usr/sbin/sshd", "-D", "-e"}
	if pairs := proxies(environment); len(pairs) > 0 {
		args = append(args, "-o", "SetEnv="+strings.Join(pairs, " "))
	}
	return args
}
