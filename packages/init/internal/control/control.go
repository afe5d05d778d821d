// Package control is the command line `ros`.
package control

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"rancheros-kit/init/internal/cmdline"
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/version"
)

// Exit codes.
const (
	success = 0
	failure = 1
	misuse  = 2
)

// session is what a command may touch.
type session struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	// root is where the machine's files are; commandLine is the kernel's.
	root, commandLine string
	// services are the options before the name of a command of `ros service`.
	services serviceOptions
}

// command is a command, or with subcommands a group of them.
type command struct {
	names   []string
	usage   string
	summary string
	// privileged commands need root.
	privileged bool
	// hidden commands are in no help.
	hidden bool
	// least and most bound how many arguments there are; most is -1 for any number. want says what is missing.
	least, most int
	want        string
	// setup registers the options and gives what runs the command with the arguments behind them. For a group run is nil.
	setup       func(s *session, flags *flag.FlagSet) (run func(args []string) error)
	subcommands []command
	// words are what an argument may be, for completion.
	words func(s *session) []string
}

// usageError is a mistake in the command line; the answer has the usage in it.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func misused(format string, arguments ...any) error {
	return usageError{fmt.Sprintf(format, arguments...)}
}

// plain is a command without options.
func plain(run func(s *session, args []string) error) func(*session, *flag.FlagSet) func([]string) error {
	return func(s *session, _ *flag.FlagSet) func([]string) error {
		return func(args []string) error { return run(s, args) }
	}
}

// commands is the whole tree.
func commands() command {
	return command{
		names: []string{"ros"}, usage: "ros COMMAND", summary: "control and configure RancherOS",
		subcommands: []command{
			configCommands, serviceCommands, osCommands, consoleCommands, engineCommands, tlsCommands, installCommand, bootCommand, envCommand,
			devCommand, completionCommand, completeCommand,
		},
	}
}

// Main is the program ros; args[0] is its name.
func Main(args []string) int {
	line, err := cmdline.Read("/")
	if err != nil {
		fmt.Fprintln(os.Stderr, "ros:", err)
	}
	return execute(&session{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, root: "/", commandLine: line}, args[1:])
}

func execute(s *session, args []string) int {
	if len(args) > 0 && slices.Contains([]string{"-v", "--version"}, args[0]) {
		fmt.Fprintln(s.stdout, "ros version", version.Version)
		return success
	}
	return descend(s, commands(), args)
}

// descend goes down the tree to the command that the arguments name, and runs it.
func descend(s *session, at command, args []string) int {
	if len(args) > 0 && (slices.Contains([]string{"-h", "--help"}, args[0]) || args[0] == "help" && len(at.subcommands) > 0) {
		help(s, at)
		return success
	}
	flags := newFlags()
	var run func([]string) error
	if at.setup != nil {
		run = at.setup(s, flags)
	}
	if err := parse(at, flags, args); errors.Is(err, flag.ErrHelp) {
		help(s, at)
		return success
	} else if err != nil {
		return finish(s, at, err)
	}
	flags.Visit(func(option *flag.Flag) {
		if strings.Contains(option.Usage, withoutEffect) {
			s.say("warning: %s %s", dashed(option.Name), option.Usage[strings.Index(option.Usage, withoutEffect):])
		}
	})
	args = flags.Args()
	if run != nil {
		if at.privileged && s.root == "/" && os.Geteuid() != 0 {
			return finish(s, at, errors.New("this needs root: sudo "+at.usage))
		}
		return finish(s, at, run(args))
	}
	if len(args) == 0 {
		help(s, at)
		return success
	}
	next, err := at.find(args[0])
	if err != nil {
		return finish(s, at, err)
	}
	return descend(s, next, args[1:])
}

// withoutEffect is in the usage of options that are taken because upstream had them.
const withoutEffect = "has no effect"

// find gives a subcommand by any of its names.
func (at command) find(name string) (command, error) {
	var names []string
	for _, next := range at.subcommands {
		if slices.Contains(next.names, name) {
			return next, nil
		}
		if !next.hidden {
			names = append(names, next.names...)
		}
	}
	if meant := nearest(name, names); meant != "" {
		return command{}, misused("no such command: %s, did you mean %s?", name, meant)
	}
	return command{}, misused("no such command: %s", name)
}

func finish(s *session, at command, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return success
	case errors.As(err, &usage):
		fmt.Fprintf(s.stderr, "ros: %v\nusage: %s\n", err, at.usage)
		return misuse
	default:
		fmt.Fprintln(s.stderr, "ros:", err)
		return failure
	}
}

func help(s *session, at command) {
	out := s.stdout
	fmt.Fprintf(out, "usage: %s\n\n%s\n", at.usage, at.summary)
	if len(at.subcommands) > 0 {
		fmt.Fprintln(out, "\ncommands:")
		table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
		for _, next := range at.subcommands {
			if !next.hidden {
				fmt.Fprintf(table, "  %s\t%s\n", strings.Join(next.names, ", "), next.summary)
			}
		}
		_ = table.Flush()
	}
	if at.names[0] == "ros" {
		fmt.Fprintln(out, "\noptions:\n  -h, --help      this text, for any command\n  -v, --version   the version of ros")
	}
	if at.setup != nil {
		flags := newFlags()
		at.setup(s, flags)
		any := false
		flags.VisitAll(func(*flag.Flag) { any = true })
		if any {
			printOptions(out, flags)
		}
	}
}

func (s *session) warn(warnings []config.Warning) {
	for _, warning := range warnings {
		s.say("warning: %v", warning)
	}
}

// say writes a line to standard error.
func (s *session) say(format string, arguments ...any) {
	fmt.Fprintf(s.stderr, "ros: "+format+"\n", arguments...)
}

// load is the whole configuration. Its warnings have been told at boot and by the commands that change it.
func (s *session) load() (*config.Config, error) {
	cfg, _, err := config.Load(s.root, s.commandLine)
	return cfg, err
}
