package imagestore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"rancheros-kit/init/internal/atomicfile"
)

// installImages copies the configurations of images, which are named after their digests.
func installImages(options Options) error {
	entries, err := os.ReadDir(filepath.Join(options.Source, imageDir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(options.Target, imageDir, entry.Name())
		wanted, err := os.ReadFile(filepath.Join(options.Source, imageDir, entry.Name()))
		if err != nil {
			return err
		}
		// One that lost its content in a power cut is there, but empty.
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, wanted) {
			continue
		}
		if err := os.WriteFile(path+unfinished, wanted, 0o600); err != nil {
			return err
		}
		if err := os.Rename(path+unfinished, path); err != nil {
			return err
		}
	}
	return nil
}

// repositories is docker's file of image names: repository, then name with tag or digest, then image id.
type repositories struct {
	Repositories map[string]map[string]string
}

// mergeNames lets the names of the source stand for its images in the target. docker does not start with a file that it
// can not read, so such a file is moved out of its way and warn is told.
func mergeNames(source, target string, warn func(error)) error {
	ours, err := readNames(source)
	if err != nil {
		return err
	}
	merged, problem := readNames(target)
	if problem != nil && !errors.Is(problem, os.ErrNotExist) {
		if err := os.Rename(target, target+".damaged"); err != nil {
			return errors.Join(problem, err)
		}
		warn(fmt.Errorf("%w; it was moved to %s.damaged", problem, target))
	}
	changed := false
	for repository, tags := range ours.Repositories {
		have := merged.Repositories[repository]
		if have == nil {
			have = map[string]string{}
			merged.Repositories[repository] = have
		}
		for name, id := range tags {
			if have[name] != id {
				changed = true
			}
		}
		maps.Copy(have, tags)
	}
	if !changed {
		return nil
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return err
	}
	return atomicfile.Write(target, text, 0o600, nil)
}

func readNames(path string) (repositories, error) {
	names := repositories{Repositories: map[string]map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return names, err
	}
	if err := json.Unmarshal(text, &names); err != nil {
		return repositories{Repositories: map[string]map[string]string{}}, fmt.Errorf("reading %s: %w", path, err)
	}
	if names.Repositories == nil {
		names.Repositories = map[string]map[string]string{}
	}
	return names, nil
}
