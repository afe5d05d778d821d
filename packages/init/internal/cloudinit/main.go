package cloudinit

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
)

// Main is the program cloud-init: -save asks the data sources, -execute applies what they gave.
func Main(args []string) int {
	flags := flag.NewFlagSet("cloud-init", flag.ContinueOnError)
	save := flags.Bool("save", false, "ask the data sources and keep the answer")
	execute := flags.Bool("execute", false, "apply host name, ssh keys and files")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	if flags.NArg() > 0 || !*save && !*execute {
		flags.Usage()
		return 2
	}
	if err := run(*save, *execute); err != nil {
		fmt.Fprintln(os.Stderr, "cloud-init:", err)
		return 1
	}
	return 0
}

func run(save, execute bool) error {
	line, err := cmdline.Read("/")
	if err != nil {
		return err
	}
	var problems []error
	cfg, _, err := config.Load("/", line)
	if save {
		problems = append(problems, err, Save("/", cfg))
		cfg, _, err = config.Load("/", line)
	}
	if execute {
		problems = append(problems, err, Execute("/", cfg))
	}
	return errors.Join(problems...)
}
