package cloudinit

import (
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

const proxyFile = "/etc/profile.d/proxy.sh"

// useProxies puts the proxies into the environment of this program's children, of login shells, and by /etc/bash.bashrc of
// ssh sessions without one.
func useProxies(root string, network config.Network) error {
	path := filepath.Join(root, proxyFile)
	var text strings.Builder
	for _, pair := range network.ProxyEnvironment() {
		name, value, _ := strings.Cut(pair, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
		text.WriteString("export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n")
	}
	if text.Len() == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(text.String()), 0o644, nil)
}
