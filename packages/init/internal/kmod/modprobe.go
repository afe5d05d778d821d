package kmod

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Missing are the names that are not in a text such as /proc/modules holds.
func Missing(names []string, loaded string) []string {
	there := map[string]bool{}
	eachLine(loaded, func(line string) {
		name, _, _ := strings.Cut(line, " ")
		there[name] = true
	})
	var missing []string
	for _, name := range names {
		if !there[normal(name)] {
			missing = append(missing, name)
		}
	}
	return missing
}

// request is a command line of modprobe.
type request struct {
	quiet, all, remove, dryRun, verbose bool
	names                               []string
	// options are the parameters given after a single module's name.
	options string
}

const modprobeUsage = "usage: modprobe [-q] [-v] [-n] [-r] MODULE [KEY=VALUE…] | modprobe [-q] [-v] [-n] [-r] -a MODULE…"

// parseModprobe reads the options of kmod's modprobe that programs and the kernel use; one that is not known is an error.
func parseModprobe(args []string) (request, error) {
	var r request
	for i, arg := range args {
		if arg == "--" {
			r.names = append(r.names, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			r.names = append(r.names, arg)
			continue
		}
		letters := map[string]string{"--quiet": "q", "--all": "a", "--remove": "r", "--dry-run": "n", "--show": "n",
			"--verbose": "v", "--syslog": "s", "--use-blacklist": "b", "--first-time": "F"}[arg]
		if letters == "" && !strings.HasPrefix(arg, "--") {
			letters = arg[1:]
		}
		if letters == "" {
			return r, fmt.Errorf("unknown option %s", arg)
		}
		for _, letter := range letters {
			switch letter {
			case 'q':
				r.quiet = true
			case 'a':
				r.all = true
			case 'r':
				r.remove = true
			case 'n':
				r.dryRun = true
			case 'v':
				r.verbose = true
			case 's', 'b', 'F', 'f':
			default:
				return r, fmt.Errorf("unknown option -%c", letter)
			}
		}
	}
	if len(r.names) == 0 {
		return r, errors.New("a module's name or alias is missing")
	}
	if !r.all && !r.remove {
		r.options = strings.Join(r.names[1:], " ")
		r.names = r.names[:1]
	}
	return r, nil
}

// Modprobe is the command modprobe. It ends with 0, or 1 when a module could not be loaded or does not exist.
func Modprobe(args []string) int {
	r, err := parseModprobe(args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "modprobe: %v\n%s\n", err, modprobeUsage)
		return 1
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		fmt.Fprintf(os.Stderr, "modprobe: %v\n", err)
		return 1
	}
	loader, err := NewLoader("/", string(line))
	if err != nil {
		fmt.Fprintf(os.Stderr, "modprobe: FATAL: %v\n", err)
		return 1
	}
	return r.run(loader, unix.DeleteModule, os.Stdout, os.Stderr)
}

func (r request) run(loader *Loader, remove func(name string, flags int) error, out, errOut io.Writer) int {
	plain := loader.Insert
	loader.Insert = func(path, options string) error {
		if r.verbose || r.dryRun {
			fmt.Fprintf(out, "insmod %s %s\n", path, options)
		}
		if r.dryRun {
			return nil
		}
		return plain(path, options)
	}
	code := 0
	for _, name := range r.names {
		var err error
		if r.remove {
			err = r.removeModule(loader, remove, name)
		} else {
			names, _ := loader.Index.Resolve(name)
			for _, module := range names {
				loader.Options[module] = strings.TrimSpace(loader.Options[module] + " " + r.options)
			}
			err = loader.Load(name)
		}
		switch {
		case err == nil:
		case errors.Is(err, ErrNotFound) && r.quiet:
			code = 1
		default:
			fmt.Fprintf(errOut, "modprobe: %v\n", err)
			code = 1
		}
	}
	return code
}

func (r request) removeModule(loader *Loader, remove func(name string, flags int) error, name string) error {
	names, builtin := loader.Index.Resolve(name)
	if builtin {
		return fmt.Errorf("module %s is built into the kernel", name)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: %w in %s", name, ErrNotFound, loader.Index.Dir)
	}
	for _, module := range names {
		if r.dryRun {
			continue
		}
		if err := remove(module, unix.O_NONBLOCK); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("removing module %s: %w", module, err)
		}
	}
	return nil
}
