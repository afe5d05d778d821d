package service

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
	"github.com/docker/go-units"
)

// Spec is a container as Docker's API wants it.
type Spec struct {
	Name   string
	Config container.Config
	Host   container.HostConfig
	// Hash is the digest of the service, its image, and what it takes from other services.
	Hash string
}

// NewSpec makes the container of a service. imageID is the digest of its image, inherited the hashes of the services that it
// takes volumes or namespaces from.
func NewSpec(name string, service config.Service, variables map[string]string, imageID string, inherited []string) (Spec, error) {
	spec := Spec{Name: name}
	fromFiles, err := environmentFiles(service.EnvFile)
	if err != nil {
		return spec, err
	}
	exposed, bindings, err := ports(service)
	if err != nil {
		return spec, err
	}
	resources, err := resources(service)
	if err != nil {
		return spec, err
	}
	policy, err := restartPolicy(service.Restart, isSystem(service))
	if err != nil {
		return spec, err
	}
	spec.Config = container.Config{
		Image:        service.Image,
		Cmd:          service.Command,
		Entrypoint:   service.Entrypoint,
		Env:          append(fromFiles, environment(name, service.Environment, variables)...),
		Labels:       maps.Clone(service.Labels),
		Volumes:      map[string]struct{}{},
		Hostname:     service.Hostname,
		Domainname:   service.DomainName,
		User:         service.User,
		WorkingDir:   service.WorkingDir,
		Tty:          service.Tty,
		OpenStdin:    service.StdinOpen,
		ExposedPorts: exposed,
	}
	spec.Host = container.HostConfig{
		VolumesFrom:    service.VolumesFrom,
		VolumeDriver:   service.VolumeDriver,
		Links:          slices.Concat(service.Links, service.ExternalLinks),
		NetworkMode:    container.NetworkMode(service.Net),
		PidMode:        container.PidMode(service.Pid),
		IpcMode:        container.IpcMode(service.Ipc),
		UTSMode:        container.UTSMode(service.Uts),
		Privileged:     service.Privileged,
		ReadonlyRootfs: service.ReadOnly,
		CapAdd:         service.CapAdd,
		CapDrop:        service.CapDrop,
		SecurityOpt:    service.SecurityOpt,
		DNS:            service.DNS,
		DNSSearch:      service.DNSSearch,
		ExtraHosts:     service.ExtraHosts,
		PortBindings:   bindings,
		Resources:      resources,
		RestartPolicy:  policy,
		LogConfig:      container.LogConfig{Type: service.LogDriver, Config: service.LogOpt},
	}
	// Whoever sees all processes of the machine must see their cgroups too.
	if service.Pid == "host" {
		spec.Host.CgroupnsMode = container.CgroupnsModeHost
	}
	for _, volume := range service.Volumes {
		if strings.Contains(volume, ":") {
			spec.Host.Binds = append(spec.Host.Binds, volume)
		} else {
			spec.Config.Volumes[volume] = struct{}{}
		}
	}
	if spec.Hash, err = hash(spec, imageID, inherited); err != nil {
		return spec, err
	}
	if spec.Config.Labels == nil {
		spec.Config.Labels = map[string]string{}
	}
	spec.Config.Labels[NameLabel] = name
	spec.Config.Labels[HashLabel] = spec.Hash
	return spec, nil
}

// ports are those that a service offers to other containers and to the network.
func ports(service config.Service) (nat.PortSet, nat.PortMap, error) {
	exposed, bindings, err := nat.ParsePortSpecs(service.Ports)
	if err != nil {
		return nil, nil, fmt.Errorf("ports: %w", err)
	}
	more, _, err := nat.ParsePortSpecs(service.Expose)
	if err != nil {
		return nil, nil, fmt.Errorf("expose: %w", err)
	}
	maps.Copy(exposed, more)
	return exposed, bindings, nil
}

func resources(service config.Service) (container.Resources, error) {
	list := container.Resources{CPUShares: int64(service.CPUShares), CpusetCpus: service.CPUSet, CgroupParent: service.CgroupParent}
	for _, limit := range []struct {
		key, text string
		bytes     *int64
	}{{"mem_limit", service.MemLimit, &list.Memory}, {"memswap_limit", service.MemSwapLimit, &list.MemorySwap}} {
		if limit.text == "" {
			continue
		}
		bytes, err := units.RAMInBytes(limit.text)
		if err != nil {
			return list, fmt.Errorf("%s: %w", limit.key, err)
		}
		*limit.bytes = bytes
	}
	for _, device := range service.Devices {
		parts := strings.SplitN(device, ":", 3)
		mapping := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
		if len(parts) > 1 {
			mapping.PathInContainer = parts[1]
		}
		if len(parts) > 2 {
			mapping.CgroupPermissions = parts[2]
		}
		list.Devices = append(list.Devices, mapping)
	}
	return list, nil
}

// restartPolicy reads no, always, unless-stopped and on-failure[:count]. `always` becomes unless-stopped in system docker: what
// was stopped when the machine went down is started again by sysinit, in order, not by the daemon before it answers.
func restartPolicy(text string, system bool) (container.RestartPolicy, error) {
	name, count, hasCount := strings.Cut(text, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	switch {
	case name == "on-failure" && hasCount:
		if _, err := fmt.Sscanf(count, "%d", &policy.MaximumRetryCount); err != nil || policy.MaximumRetryCount < 0 {
			return policy, fmt.Errorf("restart %q: want on-failure:COUNT", text)
		}
	case hasCount:
		return policy, fmt.Errorf("restart %q: only on-failure has a count", text)
	case name == "always" && system:
		policy.Name = container.RestartPolicyUnlessStopped
	case name == "":
		policy.Name = container.RestartPolicyDisabled
	}
	if err := container.ValidateRestartPolicy(policy); err != nil {
		return policy, fmt.Errorf("restart %q: %w", text, err)
	}
	return policy, nil
}

func hash(spec Spec, imageID string, inherited []string) (string, error) {
	text, err := json.Marshal(struct {
		Config    container.Config
		Host      container.HostConfig
		ImageID   string
		Inherited []string
	}{spec.Config, spec.Host, imageID, inherited})
	if err != nil {
		return "", fmt.Errorf("hashing the service %s: %w", spec.Name, err)
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:]), nil
}
