package netconf

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"rancheros-kit/init/internal/config"
)

const (
	commandLimit = 30 * time.Second
	searchPath   = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// commands runs the programs of a key one after the other, each bounded in time; one that fails is told and the next runs.
func (n *network) commands(ctx context.Context, key string, lines []string, link string) {
	for _, line := range lines {
		output, err := runCommand(ctx, line, link)
		if output = strings.TrimSpace(output); output != "" {
			n.log("%s: %s: %s", key, line, output)
		}
		if err != nil {
			n.log("%s: %s: %v", key, line, err)
		}
	}
}

// runCommand splits a line like a shell does, puts the link's name in the place of $iface, and runs it without a shell.
func runCommand(ctx context.Context, line, link string) (string, error) {
	words, err := config.Words(line)
	if err != nil {
		return "", err
	}
	if len(words) == 0 {
		return "", nil
	}
	if link != "" {
		for index := range words {
			words[index] = strings.ReplaceAll(words[index], "$iface", link)
		}
	}
	limit, stop := context.WithTimeout(ctx, commandLimit)
	defer stop()
	command := exec.CommandContext(limit, words[0], words[1:]...)
	command.Env = append(os.Environ(), searchPath)
	// What a program left running may keep the output open.
	command.WaitDelay = time.Second
	output, err := command.CombinedOutput()
	if limit.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("it did not end within %v", commandLimit)
	}
	return string(output), err
}
