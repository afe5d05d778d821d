// Package console is the console container's first program: it makes homes and host keys, lets people in by ssh and on
// the terminals, and applies what cloud-init has for the console.
package console

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/cloudinit"
	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/hostdev"
	"rancheros-kit/init/internal/respawn"
	"rancheros-kit/init/internal/sshkey"

	"golang.org/x/sys/unix"
)

const (
	searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	// doneFile tells the rest of the machine that the console is complete.
	doneFile = "/run/console-done"
	user     = "rancher"
)

// step is one thing to do; a step that fails is told and does not stop the next.
type step struct {
	name string
	run  func() error
}

// Main is the program console-init. Everything before sshd is short; everything that can wait comes after it.
func Main([]string) int {
	unix.Umask(0o022)
	for name, value := range map[string]string{"PATH": searchPath, "HOME": "/root", "LANG": "C.UTF-8"} {
		if err := os.Setenv(name, value); err != nil {
			log("%v", err)
		}
	}
	// From the start on: without a handler the signal would end this program.
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	line, cfg := load()
	apply(before(cfg))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	sshdEnded := make(chan struct{})
	go func() {
		defer close(sshdEnded)
		keepSSHD(ctx, cfg.Rancher.SSH, again)
	}()
	apply(after(cfg))
	go scripts(ctx, cfg)
	go keepIssue(ctx)
	respawn.Run(ctx, gettys(terminals(line, exists), cfg.Rancher.Autologin), log)
	<-ctx.Done()
	<-sshdEnded
	return 0
}

func load() (line string, cfg *config.Config) {
	content, err := cmdline.Read("/")
	if err != nil {
		log("reading the kernel command line: %v", err)
	}
	cfg, warnings, err := config.Load("/", content)
	for _, warning := range warnings {
		log("%v", warning)
	}
	if err != nil {
		log("%v", err)
	}
	return content, cfg
}

func before(cfg *config.Config) []step {
	return []step{
		{"devices", hostdev.Bind},
		{"directories", func() error { return makeDirectories("/") }},
		{"homes", func() error { return makeHomes("/") }},
		{"cloud-init", func() error { return cloudinit.Execute("/", cfg) }},
		{"bootcmd", func() error { return bootCommands("/", cfg, bootcmdLimit) }},
		{"host keys", func() error {
			made, err := sshkey.Install("/", cfg.Rancher.SSH.Keys)
			if len(made) > 0 {
				log("new ssh host keys: %s", strings.Join(made, ", "))
			}
			return err
		}},
	}
}

func after(cfg *config.Config) []step {
	return []step{
		{"password", func() error {
			if cfg.Rancher.Password == "" {
				return nil
			}
			return account.SetPassword("/", user, cfg.Rancher.Password, account.Salt())
		}},
		{"release", func() error { return writeRelease("/") }},
		{"issue", func() error { return writeIssue("/", addresses()) }},
		{"mounts", func() error { return cloudinit.Mount(cfg.Mounts) }},
	}
}

func apply(steps []step) {
	for _, step := range steps {
		start := time.Now()
		err := step.run()
		if err != nil {
			log("%s: %v", step.name, err)
		}
		if took := time.Since(start); took > time.Second {
			log("%s took %v", step.name, took.Round(time.Millisecond))
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func log(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "console: "+format+"\n", arguments...)
}
