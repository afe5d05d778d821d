// Package service turns the services of the configuration into containers of system docker, starts them in order, and
// keeps them in line with the configuration.
package service

import (
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/servicefile"
)

// Labels that a service may have (rancher/os v0.4.3), and those that its container gets.
const (
	ScopeLabel      = "io.rancher.os.scope"
	AfterLabel      = "io.rancher.os.after"
	BeforeLabel     = "io.rancher.os.before"
	DetachLabel     = "io.rancher.os.detach"
	CreateOnlyLabel = "io.rancher.os.createonly"
	// ReloadLabel says that the service, when it has ended, may have changed the configuration.
	ReloadLabel  = "io.rancher.os.reloadconfig"
	RebuildLabel = "io.docker.compose.rebuild"

	// NameLabel is the service's name; it marks a container as ours.
	NameLabel = "io.rancher.os.name"
	// HashLabel is the digest of all that the container was made of.
	HashLabel = "io.rancher.os.hash"
	// sourceLabel is the file that the service came from, where it stands for one on board.
	sourceLabel = servicefile.SourceLabel
	// BootLabel is the boot that a container with rebuild=always was made in.
	BootLabel = "io.rancher.os.boot"
)

const systemScope = "system"

// Services that others wait for by what they are.
const (
	networkService    = "network"
	cloudInitService  = "cloud-init"
	userDockerService = "docker"
)

// isSystem tells whether a service runs in system docker; the others run in the user's.
func isSystem(service config.Service) bool { return service.Labels[ScopeLabel] == systemScope }
