package control

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rancheros-kit/init/internal/config"

	"go.yaml.in/yaml/v3"
)

var configCommands = command{
	names: []string{"config", "c"}, usage: "ros config COMMAND", summary: "show and change the configuration",
	subcommands: []command{
		{names: []string{"get"}, usage: "ros config get KEY", summary: "print a value of the merged configuration", privileged: true, run: configGet},
		{names: []string{"set"}, usage: "ros config set KEY VALUE", summary: "change a value for good", privileged: true, run: configSet},
		{names: []string{"import"}, usage: "ros config import [-i FILE]", summary: "replace the user's configuration", privileged: true,
			run: func(s *session, args []string) error { return configImport(s, args, false) }},
		{names: []string{"merge"}, usage: "ros config merge [-i FILE]", summary: "put a configuration over the user's", privileged: true,
			run: func(s *session, args []string) error { return configImport(s, args, true) }},
		{names: []string{"export"}, usage: "ros config export [-o FILE] [-b] [-p] [-f]", summary: "print the user's configuration, or more of it", privileged: true, run: configExport},
		{names: []string{"validate"}, usage: "ros config validate [-i FILE]", summary: "say what is wrong in a configuration file", run: configValidate},
		{names: []string{"schema"}, usage: "ros config schema", summary: "print the JSON Schema of configuration files", run: configSchema},
		{names: []string{"images"}, usage: "ros config images [-i FILE]", summary: "list the images of all services", run: configImages},
	},
}

func configGet(s *session, args []string) error {
	if len(args) != 1 {
		return misused("want one key")
	}
	tree, warnings, err := config.Tree(s.root, s.commandLine)
	s.warn(warnings)
	if err != nil {
		return err
	}
	value, _ := config.Get(tree, args[0])
	return s.print(value)
}

// print writes a single value as it is, and a list or a map as YAML with an empty line after it.
func (s *session) print(value any) error {
	switch value := value.(type) {
	case nil:
		_, err := fmt.Fprintln(s.stdout)
		return err
	case map[string]any, []any:
		text, err := yaml.Marshal(value)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.stdout, "%s\n", text)
		return err
	default:
		_, err := fmt.Fprintln(s.stdout, value)
		return err
	}
}

func configSet(s *session, args []string) error {
	if len(args) != 2 {
		return misused("want a key and a value")
	}
	return config.Set(s.root, args[0], args[1])
}

func configImport(s *session, args []string, over bool) error {
	flags, path := flagSet(), ""
	flags.StringVar(&path, "i", "", "")
	flags.StringVar(&path, "input", "", "")
	if err := parseFlags(flags, args, 0); err != nil {
		return err
	}
	content, name, err := s.input(path)
	if err != nil {
		return err
	}
	warnings, err := config.Import(s.root, name, content, over)
	s.warn(warnings)
	return err
}

// configValidate prints one line for each thing that a machine would leave out.
func configValidate(s *session, args []string) error {
	flags, path := flagSet(), ""
	flags.StringVar(&path, "i", "", "")
	flags.StringVar(&path, "input", "", "")
	if err := parseFlags(flags, args, 0); err != nil {
		return err
	}
	content, name, err := s.input(path)
	if err != nil {
		return err
	}
	warnings := config.Validate(name, content)
	for _, warning := range warnings {
		fmt.Fprintln(s.stdout, warning)
	}
	switch len(warnings) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s is not valid", name)
	default:
		return fmt.Errorf("%s is not valid, for %d reasons", name, len(warnings))
	}
}

func configSchema(s *session, args []string) error {
	if len(args) > 0 {
		return misused("unexpected argument: %s", args[0])
	}
	_, err := s.stdout.Write(config.Schema)
	return err
}

func configExport(s *session, args []string) error {
	flags, path, parts := flagSet(), "", config.Parts{}
	for _, name := range []string{"o", "output"} {
		flags.StringVar(&path, name, "", "")
	}
	for target, names := range map[*bool][]string{&parts.Boot: {"b", "boot"}, &parts.Private: {"p", "private"}, &parts.Full: {"f", "full"}} {
		for _, name := range names {
			flags.BoolVar(target, name, false, "")
		}
	}
	if err := parseFlags(flags, args, 0); err != nil {
		return err
	}
	tree, warnings, err := config.Export(s.root, s.commandLine, parts)
	s.warn(warnings)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		return err
	}
	if path == "" {
		_, err = s.stdout.Write(text)
		return err
	}
	return os.WriteFile(path, text, 0o400)
}

func configImages(s *session, args []string) error {
	flags, path := flagSet(), ""
	flags.StringVar(&path, "i", "", "")
	flags.StringVar(&path, "input", "", "")
	if err := parseFlags(flags, args, 0); err != nil {
		return err
	}
	cfg, err := s.configOf(path)
	if err != nil {
		return err
	}
	images := []string{}
	for _, services := range []map[string]config.Service{cfg.Rancher.CloudInitServices, cfg.Rancher.Services} {
		for _, service := range services {
			if service.Image != "" && !slices.Contains(images, service.Image) {
				images = append(images, service.Image)
			}
		}
	}
	slices.Sort(images)
	_, err = fmt.Fprintln(s.stdout, strings.Join(images, " "))
	return err
}

// configOf is the configuration of one file, or of the machine when none is named.
func (s *session) configOf(path string) (*config.Config, error) {
	if path == "" {
		return s.load()
	}
	content, name, err := s.input(path)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := config.Read(name, content)
	s.warn(warnings)
	return cfg, err
}

// input reads a file, or standard input when none is named.
func (s *session) input(path string) (content []byte, name string, err error) {
	if path == "" || path == "-" {
		content, err = io.ReadAll(s.stdin)
		return content, "standard input", err
	}
	content, err = os.ReadFile(path)
	return content, path, err
}

// flagSet makes flags that leave telling errors to their caller.
func flagSet() *flag.FlagSet {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseFlags parses; most is how many arguments may follow the flags, -1 for any number.
func parseFlags(flags *flag.FlagSet, args []string, most int) error {
	if err := flags.Parse(args); err != nil {
		return misused("%v", err)
	}
	if most >= 0 && flags.NArg() > most {
		return misused("unexpected argument: %s", flags.Arg(most))
	}
	return nil
}
