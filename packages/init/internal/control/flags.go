package control

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// newFlags makes flags that leave telling errors to their caller.
func newFlags() *flag.FlagSet {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// text, yes and count register an option under several names.
func text(flags *flag.FlagSet, value, usage string, names ...string) *string {
	target := new(string)
	for _, name := range names {
		flags.StringVar(target, name, value, usage)
	}
	return target
}

func yes(flags *flag.FlagSet, usage string, names ...string) *bool {
	target := new(bool)
	for _, name := range names {
		flags.BoolVar(target, name, false, usage)
	}
	return target
}

func count(flags *flag.FlagSet, value int, usage string, names ...string) *int {
	target := new(int)
	for _, name := range names {
		flags.IntVar(target, name, value, usage)
	}
	return target
}

// list is an option that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func several(flags *flag.FlagSet, usage string, names ...string) *list {
	target := &list{}
	for _, name := range names {
		flags.Var(target, name, usage)
	}
	return target
}

// parse parses the options of a command and bounds how many arguments follow them.
func parse(at command, flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return misused("%s", explain(flags, err))
	}
	switch {
	case flags.NArg() < at.least && at.want != "":
		return misused("want %s", at.want)
	case len(at.subcommands) == 0 && at.most >= 0 && flags.NArg() > at.most:
		return misused("unexpected argument: %s", flags.Arg(at.most))
	}
	return nil
}

var undefined = regexp.MustCompile(`^flag provided but not defined: -(.+)$`)

// explain says it in the words of the command line, with the option that was probably meant.
func explain(flags *flag.FlagSet, err error) string {
	match := undefined.FindStringSubmatch(err.Error())
	if match == nil {
		return err.Error()
	}
	var names []string
	flags.VisitAll(func(option *flag.Flag) { names = append(names, option.Name) })
	text := "no such option: " + dashed(match[1])
	if meant := nearest(match[1], names); meant != "" {
		text += ", did you mean " + dashed(meant) + "?"
	}
	return text
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// printOptions lists the options of a command, each with all of its names.
func printOptions(out io.Writer, flags *flag.FlagSet) {
	var values []flag.Value
	byValue := map[flag.Value][]*flag.Flag{}
	flags.VisitAll(func(option *flag.Flag) {
		key := option.Value
		for _, known := range values {
			if fmt.Sprintf("%p", known) == fmt.Sprintf("%p", key) {
				key = known
			}
		}
		if !slices.Contains(values, key) {
			values = append(values, key)
		}
		byValue[key] = append(byValue[key], option)
	})
	fmt.Fprintln(out, "\noptions:")
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, value := range values {
		options := byValue[value]
		slices.SortFunc(options, func(a, b *flag.Flag) int { return len(a.Name) - len(b.Name) })
		names := make([]string, len(options))
		for at, option := range options {
			names[at] = dashed(option.Name)
		}
		argument, usage := flag.UnquoteUsage(options[0])
		if argument != "" {
			argument = " " + strings.ToUpper(argument)
		}
		if initial := options[0].DefValue; initial != "" && initial != "false" && initial != "0" {
			usage += " (default " + initial + ")"
		}
		fmt.Fprintf(table, "  %s%s\t%s\n", strings.Join(names, ", "), argument, usage)
	}
	_ = table.Flush()
}
