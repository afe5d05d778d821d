package control

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"

	"go.yaml.in/yaml/v3"
)

var configCommands = command{
	names: []string{"config", "c"}, usage: "ros config COMMAND", summary: "show and change the configuration",
	subcommands: []command{
		{names: []string{"get"}, usage: "ros config get KEY", summary: "print a value of the merged configuration", privileged: true,
			least: 1, most: 1, want: "one key", setup: plain(configGet), words: configKeys},
		{names: []string{"set"}, usage: "ros config set KEY VALUE", summary: "change a value for good", privileged: true,
			least: 2, most: 2, want: "a key and a value", setup: plain(configSet), words: configKeys},
		{names: []string{"import"}, usage: "ros config import [-i FILE]", summary: "replace the user's configuration", privileged: true, setup: configImport(false)},
		{names: []string{"merge"}, usage: "ros config merge [-i FILE]", summary: "put a configuration over the user's", privileged: true, setup: configImport(true)},
		{names: []string{"export"}, usage: "ros config export [-o FILE] [-b] [-p] [-f]", summary: "print the user's configuration, or more of it", privileged: true, setup: configExport},
		{names: []string{"generate"}, usage: "ros config generate [-i FILE] [-o FILE]", summary: "fill in the variables of a template of os-config.yml", setup: configGenerate},
		{names: []string{"syslinux"}, usage: "ros config syslinux", summary: "edit the kernel arguments that an installed machine adds (global.cfg)", privileged: true, setup: plain(configSyslinux)},
		{names: []string{"validate"}, usage: "ros config validate [-i FILE]", summary: "say what is wrong in a configuration file", setup: configValidate},
		{names: []string{"schema"}, usage: "ros config schema", summary: "print the JSON Schema of configuration files", setup: plain(configSchema)},
		{names: []string{"images"}, usage: "ros config images [-i FILE]", summary: "list the images of all services", setup: configImages},
	},
}

func configGet(s *session, args []string) error {
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
	return config.Set(s.root, args[0], args[1])
}

// configKeys are the keys that the machine's configuration has, and those above them.
func configKeys(s *session) []string {
	tree, _, err := config.Tree(s.root, s.commandLine)
	if err != nil {
		return nil
	}
	keys := []string{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			keys = append(keys, prefix+name)
			if branch, isMap := tree[name].(map[string]any); isMap {
				walk(prefix+name+".", branch)
			}
		}
	}
	walk("", tree)
	return keys
}

func inputOption(flags *flag.FlagSet) *string {
	return text(flags, "", "`file` to read; standard input without it", "i", "input")
}

func configImport(over bool) func(*session, *flag.FlagSet) func([]string) error {
	return func(s *session, flags *flag.FlagSet) func([]string) error {
		path := inputOption(flags)
		return func([]string) error {
			content, name, err := s.input(*path)
			if err != nil {
				return err
			}
			warnings, err := config.Import(s.root, name, content, over)
			s.warn(warnings)
			return err
		}
	}
}

// configValidate prints one line for each thing that a machine would leave out.
func configValidate(s *session, flags *flag.FlagSet) func([]string) error {
	path := inputOption(flags)
	return func([]string) error {
		content, name, err := s.input(*path)
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
}

func configSchema(s *session, _ []string) error {
	_, err := s.stdout.Write(config.Schema)
	return err
}

func configExport(s *session, flags *flag.FlagSet) func([]string) error {
	path := text(flags, "", "`file` to write; standard output without it", "o", "output")
	boot := yes(flags, "what cloud-init found too", "b", "boot")
	private := yes(flags, "secrets too", "p", "private")
	full := yes(flags, "everything that is merged", "f", "full")
	return func([]string) error {
		tree, warnings, err := config.Export(s.root, s.commandLine, config.Parts{Boot: *boot, Private: *private, Full: *full})
		s.warn(warnings)
		if err != nil {
			return err
		}
		text, err := yaml.Marshal(tree)
		if err != nil {
			return err
		}
		return s.output(*path, text, 0o400)
	}
}

func configImages(s *session, flags *flag.FlagSet) func([]string) error {
	path := inputOption(flags)
	return func([]string) error {
		cfg, err := s.configOf(*path)
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

// output writes a file, or to standard output when none is named.
func (s *session) output(path string, content []byte, mode os.FileMode) error {
	if path == "" || path == "-" {
		_, err := s.stdout.Write(content)
		return err
	}
	return atomicfile.Write(path, content, mode, nil)
}
