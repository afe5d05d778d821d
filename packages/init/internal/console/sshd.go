package console

import (
	"strconv"
	"strings"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/respawn"
)

// sshd is the ssh server as it is configured, with the variables that every session is to have (sshd_config(5), SetEnv); its
// own configuration file comes with the image.
func sshd(ssh config.SSH, environment []string) []respawn.Program {
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
	if pairs := plain(environment); len(pairs) > 0 {
		args = append(args, "-o", "SetEnv="+strings.Join(pairs, " "))
	}
	return []respawn.Program{{Args: args}}
}

// plain are the settings (`NAME=value`) that can stand in sshd's options as they are.
func plain(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		if strings.ContainsAny(pair, " \t\r\n'\"\\") {
			log("%q has a character that no proxy's setting has; left out of ssh sessions", pair)
			continue
		}
		kept = append(kept, pair)
	}
	return kept
}
