package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/config"
)

// bootcmdLimit is how long nobody can log in because of bootcmd.
const bootcmdLimit = 60 * time.Second

// bootCommands runs bootcmd; what takes too long goes on while the console comes up.
func bootCommands(root string, cfg *config.Config, limit time.Duration) error {
	ended := make(chan error, 1)
	go func() {
		ended <- cloudinit.RunOnce(context.Background(), root, "bootcmd", cfg.Bootcmd, os.Stdout)
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		return fmt.Errorf("not done after %v, going on", limit)
	}
}

// scripts runs what the user has the machine do at the end of a boot, one after the other, and then says that the console
// is done.
func scripts(ctx context.Context, cfg *config.Config) {
	for _, err := range []error{
		cloudinit.RunScript(ctx, "/", os.Stdout),
		cloudinit.RunOnce(ctx, "/", "runcmd", cfg.Runcmd, os.Stdout),
	} {
		if err != nil {
			log("%v", err)
		}
	}
	for _, path := range []string{"/opt/rancher/bin/start.sh", "/etc/rc.local"} {
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
