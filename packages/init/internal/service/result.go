package service

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/uptime"
)

// ResultsFile is where the results of the last bring-up stand.
const ResultsFile = "/run/ros/services.json"

// What a bring-up did to a service's container.
const (
	Created = "created"
	Started = "started"
	Kept    = "kept"
)

// Result is what became of one service.
type Result struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	// Start is when the services before it were done; zero when it never came so far.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Began and Ended are the same in seconds since the kernel started; a clock that is set meanwhile does not move them.
	Began float64 `json:"began,omitempty"`
	Ended float64 `json:"ended,omitempty"`
	// Action is created (and started, unless only created), started or kept; empty when it failed before.
	Action    string `json:"action,omitempty"`
	Container string `json:"container,omitempty"`
	Error     string `json:"error,omitempty"`
}

// WriteResults replaces the results file below root. It has to be called by the process that the results come from: only
// there do their times say how long ago they were, whatever happened to the clock.
func WriteResults(root string, results []Result) error {
	results = slices.Clone(results)
	for i := range results {
		results[i].Began, results[i].Ended = uptime.At(results[i].Start), uptime.At(results[i].End)
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the results of services: %w", err)
	}
	path := filepath.Join(root, ResultsFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the results of services: %w", err)
	}
	return atomicfile.Write(path, append(text, '\n'), 0o644, nil)
}

// ReadResults reads the results file below root.
func ReadResults(root string) ([]Result, error) {
	content, err := os.ReadFile(filepath.Join(root, ResultsFile))
	if err != nil {
		return nil, err
	}
	var results []Result
	if err := json.Unmarshal(content, &results); err != nil {
		return nil, fmt.Errorf("reading %s: %w", ResultsFile, err)
	}
	return results, nil
}
