// Package installer puts RancherOS on disks: it is lay-down-os, the entrypoint of the installer image rancher/os:<version>.
package installer

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"rancheros-kit/init/internal/blockdev"
)

// options are those of the command line, with upstream's letters (rancher/os, scripts/installer/lay-down-os).
type options struct {
	device, partition, kind string
	// dist is the folder with kernel, initrd and the parts of the boot volume.
	dist        string
	cloudConfig string
	// files are copied to the new state: source:target,…
	files     string
	append    string
	stateDir  string
	force     bool
	plan      bool
	arguments []string
}

// kind is a way to install; upstream's names.
type kind struct {
	run func(session, options) error
	// arguments are added to the kernel's.
	arguments []string
}

// serial is the line that a cloud shows. Virtual machines of arm64 have ARM's own serial port (Server Base System Architecture).
var serial = serialArguments()

func serialArguments() []string {
	if runtime.GOARCH == "amd64" {
		return []string{"console=ttyS0"}
	}
	return []string{"console=ttyAMA0"}
}

var kinds = map[string]kind{
	"generic":         {run: install},
	"syslinux":        {run: install},
	"gptsyslinux":     {run: install},
	"amazon-ebs-hvm":  {run: install, arguments: serial},
	"googlecompute":   {run: install, arguments: serial},
	"noformat":        {run: replaceSystem},
	"bootstrap":       {run: replaceSystem, arguments: append(slices.Clone(serial), "rancher.cloud_init.datasources=[ec2,gce]")},
	"rancher-upgrade": {run: upgrade},
	"upgrade":         {run: upgrade},
	"amazon-ebs-pv":   {run: refuse("paravirtual machines start no system of this kind: use amazon-ebs-hvm")},
	"raid":            {run: refuse("no boot volume is made on RAID arrays: install to one of the disks")},
	"arm":             {run: refuse("boards with loaders of their own take the kernel and the initrd, not the installer")},
}

func refuse(reason string) func(session, options) error {
	return func(session, options) error { return errors.New(reason) }
}

// session is what an installation may touch.
type session struct {
	out io.Writer
	// devices are the machine's: in a container they are below /host.
	devices blockdev.Finder
}

func (s session) say(format string, arguments ...any) {
	fmt.Fprintf(s.out, format+"\n", arguments...)
}

const hostDevices = "/host/dev"

func newSession(out io.Writer) session {
	s := session{out: out, devices: blockdev.Host}
	if info, err := os.Stat(hostDevices); err == nil && info.IsDir() {
		s.devices.Dev = hostDevices
	}
	return s
}

// device is the path here of a device of the machine.
func (s session) device(path string) string {
	if rest, found := strings.CutPrefix(path, "/dev/"); found && s.devices.Dev != "/dev" {
		return s.devices.Dev + "/" + rest
	}
	return path
}

// Main is the program lay-down-os.
func Main(args []string) int {
	return run(newSession(os.Stdout), args[1:], os.Stderr)
}

func run(s session, args []string, stderr io.Writer) int {
	given, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "lay-down-os:", err)
		return 2
	}
	if err := kinds[given.kind].run(s, given); err != nil {
		fmt.Fprintln(stderr, "lay-down-os:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var given options
	flags := flag.NewFlagSet("lay-down-os", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&given.device, "d", "", "`disk` to install to")
	flags.StringVar(&given.partition, "p", "", "state `partition` that stays, with -t noformat")
	flags.StringVar(&given.kind, "t", "generic", "`type`: "+strings.Join(names(), ", "))
	flags.StringVar(&given.dist, "i", "/dist", "`folder` of kernel, initrd and boot loaders")
	flags.StringVar(&given.cloudConfig, "c", "", "cloud-config `file` for the new system")
	flags.StringVar(&given.files, "f", "", "more `files` for the new system, source:target,…")
	flags.StringVar(&given.append, "a", "", "more kernel `arguments`")
	flags.StringVar(&given.stateDir, "statedir", "", "`directory` of the state partition that becomes the root")
	flags.BoolVar(&given.force, "force", false, "erase a disk that is not empty; take a version that is no newer one")
	flags.BoolVar(&given.plan, "plan", false, "only say what would be done")
	flags.String("r", "", "has no effect: the version before is kept by itself")
	flags.String("o", "", "has no effect")
	flags.Bool("debug", false, "has no effect: every step is told")
	if err := flags.Parse(args); err != nil {
		return given, err
	}
	if flags.NArg() > 0 {
		return given, fmt.Errorf("what is %q?", flags.Arg(0))
	}
	chosen, found := kinds[given.kind]
	if !found {
		return given, fmt.Errorf("no such type: %s, want one of %s", given.kind, strings.Join(names(), ", "))
	}
	given.arguments = append(slices.Clone(chosen.arguments), strings.Fields(given.append+" "+os.Getenv("KERNEL_ARGS"))...)
	if given.stateDir != "" {
		given.arguments = append(given.arguments, "rancher.state.directory="+given.stateDir)
	}
	return given, nil
}

func names() []string {
	var all []string
	for name := range kinds {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
