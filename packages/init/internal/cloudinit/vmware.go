package cloudinit

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// guestInfo reads the variables that a hypervisor's administrator gave this machine. The error is errAbsent when there is
// no such variable, or no such hypervisor.
type guestInfo interface {
	get(ctx context.Context, name string) (string, error)
}

// rpcTool asks by the program of VMware's guest tools, where it is installed.
type rpcTool struct{}

const rpcProgram = "vmware-rpctool"

func (rpcTool) get(ctx context.Context, name string) (string, error) {
	program, err := exec.LookPath(rpcProgram)
	if err != nil {
		return "", errAbsent
	}
	output, err := exec.CommandContext(ctx, program, "info-get guestinfo."+name).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return "", errAbsent
	}
	if err != nil {
		return "", fmt.Errorf("asking the hypervisor for guestinfo.%s: %w", name, err)
	}
	if len(output) > limit {
		return "", fmt.Errorf("guestinfo.%s has %d bytes, limit %d", name, len(output), limit)
	}
	return string(output), nil
}

// guestVariables are the names of user-data, in the order they are tried: RancherOS's, CoreOS's, cloud-init's.
var guestVariables = []string{"cloud-init.config.data", "coreos.config.data", "userdata"}

// encodings of guestinfo are those of write_files.
const encodingSuffix = ".encoding"

// askVMware reads guestinfo.*: user-data, its encoding, host name, and cloud-init's metadata; else the OVF environment that
// the hypervisor made of the machine's properties.
func askVMware(ctx context.Context, a *asker, argument string) (answer, error) {
	if argument != "" {
		return answer{}, fmt.Errorf("the argument %q is not understood, want none", argument)
	}
	values := map[string]string{}
	for _, name := range append([]string{"hostname", "metadata", "metadata" + encodingSuffix, "ovfEnv"}, guestVariables...) {
		value, err := a.guest.get(ctx, name)
		if err != nil && !errors.Is(err, errAbsent) {
			return answer{}, err
		}
		if value = strings.TrimRight(value, "\r\n\x00"); value != "" {
			values[name] = value
		}
	}
	if len(values) == 0 {
		return answer{}, errAbsent
	}
	return guestAnswer(values, func(name string) (string, error) {
		value, err := a.guest.get(ctx, name)
		return strings.TrimSpace(value), nilIf(err, errAbsent)
	})
}

func guestAnswer(values map[string]string, get func(name string) (string, error)) (answer, error) {
	var found answer
	var problems []error
	if text := values["ovfEnv"]; text != "" {
		var err error
		found, err = parseOVF([]byte(text))
		problems = append(problems, err)
	}
	metadata, err := metadataOf(values["metadata"], values["metadata"+encodingSuffix])
	problems = append(problems, err)
	if values["metadata"] != "" && err == nil {
		found.metadata = metadata
	}
	if name := strings.TrimSpace(values["hostname"]); name != "" {
		found.metadata.Hostname = name
	}
	for _, name := range guestVariables {
		if values[name] == "" {
			continue
		}
		encoding, err := get(name + encodingSuffix)
		if err != nil {
			problems = append(problems, err)
			break
		}
		userData, err := packed(values[name], encoding)
		problems = append(problems, err)
		found.userData = userData
		break
	}
	return found, errors.Join(problems...)
}
