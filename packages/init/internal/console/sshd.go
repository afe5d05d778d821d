package console

import (
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
