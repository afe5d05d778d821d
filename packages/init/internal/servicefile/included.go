package servicefile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"rancheros-kit/init/internal/config"
)

// Default is the name of the console and of the engine on board.
const Default = "default"

// SourceLabel of a container is the name of the file that its service came from, when that is a console or an engine. Another
// one is another machine, whose container is made anew even if it is to be kept otherwise.
const SourceLabel = "io.rancher.os.source"

// Services that files may stand for as a whole.
const (
	consoleService = "console"
	engineService  = "docker"
)

// Included are the services of a configuration with those of the files that it includes over them.
type Included struct {
	Services map[string]config.Service
	Warnings []config.Warning
	// Missing names the files that only the network could give.
	Missing []string
	// Problems are files that were left out.
	Problems []error
}

// Services reads all files that a configuration includes.
func (s Source) Services(ctx context.Context, cfg *config.Config) Included {
	all := Included{Services: maps.Clone(cfg.Rancher.Services)}
	if all.Services == nil {
		all.Services = map[string]config.Service{}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Rancher.ServicesInclude)) {
		if cfg.Rancher.ServicesInclude[name] {
			services, err := s.add(ctx, name, &all)
			if err == nil {
				maps.Copy(all.Services, services)
			}
		}
	}
	s.replace(ctx, consoleService, cfg.Rancher.Console, &all)
	s.replace(ctx, engineService, cfg.Rancher.Docker.Engine, &all)
	return all
}

// replace puts the service of a file in the place of the one on board.
func (s Source) replace(ctx context.Context, service, name string, all *Included) {
	if name == "" || name == Default {
		return
	}
	services, err := s.add(ctx, name, all)
	if err != nil {
		return
	}
	definition, exists := services[service]
	if !exists {
		all.Problems = append(all.Problems, fmt.Errorf("%s has no service %s; the one on board is kept", name, service))
		return
	}
	if s.HasImage != nil && !s.HasImage(definition.Image) {
		all.Problems = append(all.Problems, fmt.Errorf("%s: the image %s is not on this machine; the one on board is kept", name, definition.Image))
		return
	}
	definition.Labels = maps.Clone(definition.Labels)
	if definition.Labels == nil {
		definition.Labels = map[string]string{}
	}
	definition.Labels[SourceLabel] = name
	all.Services[service] = definition
}

func (s Source) add(ctx context.Context, name string, all *Included) (map[string]config.Service, error) {
	services, warnings, err := s.Load(ctx, name)
	all.Warnings = append(all.Warnings, warnings...)
	switch {
	case errors.Is(err, ErrNeedsNetwork):
		all.Missing = append(all.Missing, name)
	case err != nil:
		all.Problems = append(all.Problems, fmt.Errorf("services of %s left out: %w", name, err))
	}
	return services, err
}
