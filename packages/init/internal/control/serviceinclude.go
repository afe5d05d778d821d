package control

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/servicefile"
)

var includeKey = []string{"rancher", "services_include"}

// serviceList prints the services of all repositories and those that are included, each with enabled or disabled before it.
func serviceList(s *session, flags *flag.FlagSet) func([]string) error {
	all := yes(flags, "those on board too", "a", "all")
	update := yes(flags, "ask the repositories again", "u", "update")
	return func([]string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		enabled := maps.Clone(cfg.Rancher.ServicesInclude)
		if enabled == nil {
			enabled = map[string]bool{}
		}
		index := s.index(cfg, *update)
		for _, name := range index.Services {
			enabled[name] = cfg.Rancher.ServicesInclude[name]
		}
		if *all {
			for name := range cfg.Rancher.Services {
				enabled[name] = true
			}
		}
		s.printEnabled(enabled)
		return nil
	}
}

// index is what the repositories offer; one that can not be read is told.
func (s *session) index(cfg *config.Config, update bool) servicefile.Index {
	source := servicefile.New(s.root, cfg, true)
	source.Update, source.Fetcher.Tries = update, 2
	index, err := source.Indexes(context.Background())
	if err != nil {
		s.say("warning: %v", err)
	}
	return index
}

func (s *session) printEnabled(enabled map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(enabled)) {
		state := "disabled"
		if enabled[name] {
			state = "enabled "
		}
		fmt.Fprintf(s.stdout, "%s %s\n", state, name)
	}
}

// serviceEnable reads the files and gets the images before anything is changed, so that the next boot needs no network.
func serviceEnable(s *session, names []string) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	source := servicefile.New(s.root, cfg, true)
	source.Fetcher.Tries, source.Variables = 2, variables(cfg)
	all := map[string]config.Service{}
	for _, name := range names {
		if filepath.IsAbs(name) && !strings.HasPrefix(filepath.Clean(name), config.Directory+"/") {
			return fmt.Errorf("%s: want a file below %s, which is there when services start", name, config.Directory)
		}
		services, warnings, err := source.Load(context.Background(), name)
		s.warn(warnings)
		if err != nil {
			return err
		}
		maps.Copy(all, services)
	}
	if err := s.obtain(cfg, all); err != nil {
		return err
	}
	for _, name := range names {
		if err := config.SetAt(s.root, append(slices.Clone(includeKey), name), true); err != nil {
			return err
		}
	}
	return nil
}

func serviceDisable(s *session, names []string) error { return changeIncluded(s, names, false) }

func serviceDelete(s *session, names []string) error { return changeIncluded(s, names, nil) }

// changeIncluded goes through all names; the error joins those that are not included.
func changeIncluded(s *session, names []string, value any) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	var problems []error
	for _, name := range names {
		if _, known := cfg.Rancher.ServicesInclude[name]; !known {
			problems = append(problems, fmt.Errorf("%s is not included (rancher.services_include)", name))
		} else if err := s.setIncluded(name, value); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// setIncluded changes the user's configuration; what is to be gone and stands in another source as well becomes false.
func (s *session) setIncluded(name string, value any) error {
	path := append(slices.Clone(includeKey), name)
	if err := config.SetAt(s.root, path, value); err != nil || value != nil {
		return err
	}
	cfg, err := s.load()
	if err != nil || !cfg.Rancher.ServicesInclude[name] {
		return err
	}
	return config.SetAt(s.root, path, false)
}
