// Package control is the command line `ros`.
package control

import (
	"errors"
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
}

// command is a command, or with subcommands a group of them.
type command struct {
	names   []string
	usage   string
	summary string
	// privileged commands need root.
	privileged  bool
	run         func(s *session, args []string) error
	subcommands []command
}

// usageError is a mistake in the command line; the answer has the usage in it.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func misused(format string, arguments ...any) error {
	return usageError{fmt.Sprintf(format, arguments...)}
}

// commands is the whole tree.
var commands = command{
	names: []string{"ros"}, usage: "ros COMMAND", summary: "control and configure RancherOS",
	subcommands: []command{configCommands, serviceCommands, osCommands, bootCommand, envCommand, devCommand},
}

// Main is the program ros; args[0] is its name.
func Main(args []string) int {
	line, err := cmdline.Read("/")
	if err != nil {
		fmt.Fprintln(os.Stderr, "ros:", err)
	}
	return execute(&session{os.Stdin, os.Stdout, os.Stderr, "/", line}, args[1:])
}

func execute(s *session, args []string) int {
	if len(args) > 0 && slices.Contains([]string{"-v", "--version"}, args[0]) {
		fmt.Fprintln(s.stdout, "ros version", version.Version)
		return success
	}
	return descend(s, commands, args)
}

// descend goes down the tree to the command that the arguments name, and runs it.
func descend(s *session, at command, args []string) int {
	if len(args) > 0 && slices.Contains([]string{"-h", "--help", "help"}, args[0]) {
		help(s.stdout, at)
		return success
	}
	if at.run != nil {
		return finish(s, at, run(s, at, args))
	}
	if len(args) == 0 {
		help(s.stdout, at)
		return success
	}
	for _, next := range at.subcommands {
		if slices.Contains(next.names, args[0]) {
			return descend(s, next, args[1:])
		}
	}
	return finish(s, at, misused("no such command: %s", args[0]))
}

func run(s *session, at command, args []string) error {
	if at.privileged && s.root == "/" && os.Geteuid() != 0 {
		return errors.New("this needs root: sudo " + at.usage)
	}
	return at.run(s, args)
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

func help(out io.Writer, at command) {
	fmt.Fprintf(out, "usage: %s\n\n%s\n", at.usage, at.summary)
	if len(at.subcommands) > 0 {
		fmt.Fprintln(out, "\ncommands:")
		table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
		for _, next := range at.subcommands {
			fmt.Fprintf(table, "  %s\t%s\n", strings.Join(next.names, ", "), next.summary)
		}
		_ = table.Flush()
	}
	if at.names[0] == "ros" {
		fmt.Fprintln(out, "\noptions:\n  -h, --help      this text, for any command\n  -v, --version   the version of ros")
	}
}

func (s *session) warn(warnings []config.Warning) {
	for _, warning := range warnings {
		fmt.Fprintln(s.stderr, "ros: warning:", warning)
	}
}

// load is the whole configuration; its warnings are told.
func (s *session) load() (*config.Config, error) {
	cfg, warnings, err := config.Load(s.root, s.commandLine)
	s.warn(warnings)
	return cfg, err
}
