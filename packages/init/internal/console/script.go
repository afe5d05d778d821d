package console

import (
	"context"
	"os"
	"os/exec"

	"rancheros-kit/init/internal/config"
)

// scripts runs what the user has the machine do at the end of a boot, one after the other, and then says that the console
// is done.
func scripts(ctx context.Context) {
	for _, path := range []string{config.ScriptFile, "/opt/rancher/bin/start.sh", "/etc/rc.local"} {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()%0o200 < 0o100 {
			continue
		}
		command := exec.CommandContext(ctx, path)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			log("%s: %v", path, err)
		}
	}
	if err := os.WriteFile(doneFile, nil, 0o644); err != nil {
		log("%v", err)
	}
}
