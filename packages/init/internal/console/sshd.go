package console

import (
	"context"
	"os"
	"reflect"
	"strconv"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/respawn"
)

// sshd is the ssh server as it is configured; its own configuration file comes with the image. Sessions have the proxies from
// /etc/bash.bashrc, so that a change reaches the next one.
func sshd(ssh config.SSH) []respawn.Program {
	if ssh.Daemon != nil && !*ssh.Daemon {
		return nil
	}
	args := []string{"/usr/sbin/sshd", "-D", "-e"}
	if ssh.Port != 0 {
		args = append(args, "-p", strconv.Itoa(ssh.Port))
	}
	if ssh.ListenAddress != "" {
		args = append(args, "-o", "ListenAddress="+ssh.ListenAddress)
	}
	return []respawn.Program{{Args: args}}
}

// keepSSHD keeps sshd running. When asked again it reads the configuration anew, and restarts sshd if its command line is another one;
// sessions that are open stay.
func keepSSHD(ctx context.Context, ssh config.SSH, again <-chan os.Signal) {
	follow(ctx, sshd(ssh), again, func() []respawn.Program {
		_, cfg := load()
		return sshd(cfg.Rancher.SSH)
	})
}

// follow keeps programs running until ctx ends, and others in their place when reread gives others after a signal.
func follow(ctx context.Context, programs []respawn.Program, again <-chan os.Signal, reread func() []respawn.Program) {
	for ctx.Err() == nil {
		running, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			respawn.Run(running, programs, log)
		}()
		for changed := false; !changed && ctx.Err() == nil; {
			select {
			case <-ctx.Done():
			case <-again:
				now := reread()
				changed, programs = !reflect.DeepEqual(now, programs), now
			}
		}
		stop()
		<-ended
	}
}
