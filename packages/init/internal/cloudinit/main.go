package cloudinit

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
)

// Main is the program cloud-init: -save asks the data sources, those that need no network or with -network those that do;
// -execute applies what they gave.
func Main(args []string) int {
	flags := flag.NewFlagSet("cloud-init", flag.ContinueOnError)
	save := flags.Bool("save", false, "ask the data sources and keep the answer")
	network := flags.Bool("network", false, "ask the data sources that need the network")
	execute := flags.Bool("execute", false, "apply host name, ssh keys, files, mounts and commands")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	if flags.NArg() > 0 || !*save && !*execute {
		flags.Usage()
		return 2
	}
	if err := run(*save, *network, *execute); err != nil {
		fmt.Fprintln(os.Stderr, "cloud-init:", err)
		return 1
	}
	return 0
}

func run(save, network, execute bool) error {
	line, err := cmdline.Read("/")
	if err != nil {
		return err
	}
	var problems []error
	cfg, _, err := config.Load("/", line)
	if save {
		pass := Pass{Root: "/", CommandLine: line, Network: network, Limits: DefaultLimits}
		problems = append(problems, err, pass.Save(context.Background(), cfg))
		cfg, _, err = config.Load("/", line)
	}
	if execute {
		problems = append(problems, err, Execute("/", cfg), Mount(cfg.Mounts),
			RunScript(context.Background(), "/", os.Stdout), RunOnce(context.Background(), "/", "runcmd", cfg.Runcmd, os.Stdout))
	}
	return errors.Join(problems...)
}
