package service

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"rancheros-kit/init/internal/config"

	"github.com/docker/docker/api/types/container"
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
	policy, err := restartPolicy(service.Restart)
	if err != nil {
		return spec, err
	}
	spec.Config = container.Config{
		Image:      service.Image,
		Cmd:        service.Command,
		Entrypoint: service.Entrypoint,
		Env:        environment(name, service.Environment, variables),
		Labels:     maps.Clone(service.Labels),
		Volumes:    map[string]struct{}{},
	}
	spec.Host = container.HostConfig{
		VolumesFrom:    service.VolumesFrom,
		Links:          service.Links,
		NetworkMode:    container.NetworkMode(service.Net),
		PidMode:        container.PidMode(service.Pid),
		IpcMode:        container.IpcMode(service.Ipc),
		UTSMode:        container.UTSMode(service.Uts),
		Privileged:     service.Privileged,
		ReadonlyRootfs: service.ReadOnly,
		RestartPolicy:  policy,
		LogConfig:      container.LogConfig{Type: service.LogDriver},
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

// restartPolicy reads no, always, unless-stopped and on-failure[:count]. `always` becomes unless-stopped: what was
// stopped when the machine went down is started again by sysinit, in order, not by the daemon before it answers.
func restartPolicy(text string) (container.RestartPolicy, error) {
	name, count, hasCount := strings.Cut(text, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	switch {
	case name == "on-failure" && hasCount:
		if _, err := fmt.Sscanf(count, "%d", &policy.MaximumRetryCount); err != nil || policy.MaximumRetryCount < 0 {
			return policy, fmt.Errorf("restart %q: want on-failure:COUNT", text)
		}
	case hasCount:
		return policy, fmt.Errorf("restart %q: only on-failure has a count", text)
	case name == "always":
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
