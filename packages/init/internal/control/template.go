package control

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/config"

	"golang.org/x/sys/unix"
)

// configGenerate replaces `${NAME}` by the variable of that name, and fails for one that is not set: half a template is no
// configuration. What comes of it is checked.
func configGenerate(s *session, flags *flag.FlagSet) func([]string) error {
	input := inputOption(flags)
	output := text(flags, "", "`file` to write; standard output without it", "o", "output")
	return func([]string) error {
		content, name, err := s.input(*input)
		if err != nil {
			return err
		}
		var missing []string
		filled := os.Expand(string(content), func(variable string) string {
			value, set := os.LookupEnv(variable)
			if !set {
				missing = append(missing, variable)
			}
			return value
		})
		if len(missing) > 0 {
			return fmt.Errorf("%s: variables that are not set: %s", name, strings.Join(missing, ", "))
		}
		warnings, broken := config.Check(name, []byte(filled))
		if broken {
			return errors.New(warnings[0].String())
		}
		s.warn(warnings)
		return s.output(*output, []byte(filled), 0o644)
	}
}

// globalConfig is where the installer of RancherOS 1 kept kernel arguments of the user's own, on the state's file system or the one
// that is mounted on /boot.
const globalConfig = "/boot/global.cfg"

// configSyslinux edits the kernel arguments of a machine that RancherOS 1 installed.
func configSyslinux(s *session, _ []string) error {
	path := filepath.Join(s.root, globalConfig)
	if _, err := os.Stat(path); err == nil {
		editor := os.Getenv("EDITOR")
		if editor == "" {
			editor = "vi"
		}
		program, err := exec.LookPath(editor)
		if err != nil {
			return fmt.Errorf("%w; $EDITOR names another one, or change %s yourself", err, path)
		}
		return fmt.Errorf("starting %s: %w", program, unix.Exec(program, []string{editor, path}, os.Environ()))
	}
	return fmt.Errorf("there is no %s, which installers of RancherOS 1 made; here `ros install -a` and `ros os upgrade --append` set kernel arguments", globalConfig)
}
