package boot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/service"
	"rancheros-kit/init/internal/uptime"
)

// RecordFile is where the record of a boot is kept, as JSON.
const RecordFile = "/run/ros/boot.json"

// Entry is one phase or service. Times are seconds since the kernel started.
type Entry struct {
	Name  string  `json:"name"`
	Start float64 `json:"start"`
	// End is 0 while it runs.
	End float64 `json:"end,omitempty"`
	// Result is done or failed for a phase, what was done to its container for a service; empty while it runs.
	Result string `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Results of phases, and of services that came to nothing.
const (
	Done   = "done"
	Failed = "failed"
)

// Record is what happened in a boot, in the order of beginning.
type Record struct {
	Version string  `json:"version"`
	Phases  []Entry `json:"phases"`
	// Services are those of the last bring-up that had begun when the record was saved.
	Services []Entry `json:"services"`

	path  string
	clock func() float64
	mu    sync.Mutex
}

// OpenRecord goes on with the record in a file, or begins one.
func OpenRecord(path, version string) *Record {
	r := &Record{path: path, clock: uptime.Now}
	if text, err := os.ReadFile(path); err == nil {
		// A damaged record is begun again.
		_ = json.Unmarshal(text, r)
	}
	r.Version = version
	return r
}

// Begin writes down that a phase began, and returns what its end is told to.
func (r *Record) Begin(name string) (end func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := len(r.Phases)
	r.Phases = append(r.Phases, Entry{Name: name, Start: r.clock()})
	return func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.Phases[at].End, r.Phases[at].Result = r.clock(), Done
		if err != nil {
			r.Phases[at].Result, r.Phases[at].Error = Failed, err.Error()
		}
	}
}

// Read gives the record of the machine below root, with the services as they are now.
func Read(root string) (*Record, error) {
	text, err := os.ReadFile(filepath.Join(root, RecordFile))
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", RecordFile, err)
	}
	if services, err := services(root); err == nil {
		r.Services = services
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return r, nil
}

// services are those of the last bring-up that have begun, in the order of their start.
func services(root string) ([]Entry, error) {
	results, err := service.ReadResults(root)
	if err != nil {
		return nil, err
	}
	entries := []Entry{}
	for _, result := range results {
		if result.Began == 0 {
			continue
		}
		entry := Entry{Name: result.Name, Start: result.Began, End: result.Ended, Result: result.Action, Error: result.Error}
		if result.Error != "" {
			entry.Result = Failed
		}
		entries = append(entries, entry)
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Start, b.Start) })
	return entries, nil
}

// Save writes the record, with the services of the machine whose record it is. Before /run is mounted there is no place for
// it.
func (r *Record) Save() error {
	services, err := services(strings.TrimSuffix(r.path, RecordFile))
	r.mu.Lock()
	if err == nil {
		r.Services = services
	}
	text, err := json.MarshalIndent(r, "", "  ")
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	if err := atomicfile.Write(r.path, append(text, '\n'), 0o644, nil); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("writing the boot record: %w", err)
	}
	return nil
}
