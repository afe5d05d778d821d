package kmod

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Aliases collects the modalias of every device below a directory such as /sys/devices, each once.
func Aliases(devices string) []string {
	seen := map[string]bool{}
	var out []string
	var walk func(dir string)
	walk = func(dir string) {
		// A device may vanish while the tree is walked.
		entries, err := os.ReadDir(dir)
		if err != nil {
			return
		}
		for _, entry := range entries {
			path := dir + "/" + entry.Name()
			if entry.IsDir() {
				walk(path)
				continue
			}
			if entry.Name() != "modalias" {
				continue
			}
			text, err := os.ReadFile(path)
			if alias := strings.TrimSpace(string(text)); err == nil && alias != "" && !seen[alias] {
				seen[alias] = true
				out = append(out, alias)
			}
		}
	}
	walk(filepath.Clean(devices))
	return out
}

// LoadAll loads the modules of many aliases or names side by side. Aliases that no module serves are left out; the rest
// of the failures come back joined.
func (l *Loader) LoadAll(requests []string) error {
	return l.each(requests, func(request string) error {
		if err := l.Load(request); !errors.Is(err, ErrNotFound) {
			return err
		}
		return nil
	})
}

// LoadNamed is LoadAll for modules that somebody asked for: one that does not exist is a failure.
func (l *Loader) LoadNamed(names []string) error {
	return l.each(names, l.Load)
}

func (l *Loader) each(requests []string, load func(string) error) error {
	failures := make([]error, len(requests))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), 4) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				failures[i] = load(requests[i])
			}
		}()
	}
	for i := range requests {
		next <- i
	}
	close(next)
	workers.Wait()
	return errors.Join(failures...)
}
