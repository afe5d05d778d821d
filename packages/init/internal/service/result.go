package service

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rancheros-kit/init/internal/atomicfile"
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
	// Action is created (and started, unless only created), started or kept; empty when it failed before.
	Action    string `json:"action,omitempty"`
	Container string `json:"container,omitempty"`
	Error     string `json:"error,omitempty"`
}

// WriteResults replaces the results file below root.
func WriteResults(root string, results []Result) error {
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
