package cgroup

import (
	"fmt"
	"os/exec"

	"rancheros-kit/init/internal/cmdline"
)

// Mode is how control groups are mounted.
type Mode string

const (
	// V2 is the unified hierarchy.
	V2 Mode = "v2"
	// V1 has a hierarchy for each controller.
	V1 Mode = "v1"
	// Hybrid is V1 with an empty hierarchy of version 2 in /sys/fs/cgroup/unified.
	Hybrid Mode = "hybrid"
)

// parameter is where the kernel command line chooses: groups are mounted before any configuration can be read.
const parameter = "rancher.cgroup"

// Choose is what the command line asks for, else what the daemon on board needs. An unknown value is an error, with the
// choice as if it were not there.
func Choose(commandLine string, lookPath func(string) (string, error)) (Mode, error) {
	choice := V2
	if needsVersion1(lookPath) {
		choice = V1
	}
	value, found := cmdline.Value(commandLine, parameter)
	switch mode := Mode(value); mode {
	case V1, V2, Hybrid:
		return mode, nil
	}
	if found {
		return choice, fmt.Errorf("%s is %q: v1, v2 or hybrid are known; taking %s", parameter, value, choice)
	}
	return choice, nil
}

// needsVersion1: docker knows version 2 since 20.10, the first that comes with the shim of containerd's second interface.
func needsVersion1(lookPath func(string) (string, error)) bool {
	_, docker := lookPath("docker")
	_, dockerd := lookPath("dockerd")
	_, shim := lookPath("containerd-shim-runc-v2")
	return (docker == nil || dockerd == nil) && shim != nil
}

// HostMode is Choose for the machine that this runs on.
func HostMode(commandLine string) (Mode, error) {
	return Choose(commandLine, exec.LookPath)
}
