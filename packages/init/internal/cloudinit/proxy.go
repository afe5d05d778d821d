package cloudinit

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

const proxyFile = "/etc/profile.d/proxy.sh"

// useProxies puts the proxies into the environment of this program's children and of everybody who logs in.
func useProxies(root string, network config.Network) error {
	variables := network.Proxies()
	path := filepath.Join(root, proxyFile)
	if len(variables) == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if err := os.Setenv(name, variables[name]); err != nil {
			return err
		}
		text.WriteString("export " + name + "='" + strings.ReplaceAll(variables[name], "'", `'\''`) + "'\n")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(text.String()), 0o644, nil)
}
