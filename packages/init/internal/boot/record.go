package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/atomicfile"
)

// RecordFile is where the record of a boot is kept, as JSON.
const RecordFile = "/run/ros/boot.json"

// Entry is one phase. Times are seconds since the kernel started.
type Entry struct {
	Name  string  `json:"name"`
	Start float64 `json:"start"`
	// End is 0 while the phase runs.
	End   float64 `json:"end,omitempty"`
	Error string  `json:"error,omitempty"`
}

// Record is what happened in a boot, in the order of beginning.
type Record struct {
	Version string  `json:"version"`
	Phases  []Entry `json:"phases"`

	path  string
	clock func() float64
	mu    sync.Mutex
}

// OpenRecord goes on with the record in a file, or begins one.
func OpenRecord(path, version string) *Record {
	r := &Record{path: path, clock: sinceKernel}
	if text, err := os.ReadFile(path); err == nil {
		// A damaged record is begun again.
		_ = json.Unmarshal(text, r)
	}
	r.Version = version
	return r
}

func sinceKernel() float64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return float64(now.Nano()/int64(time.Millisecond)) / 1000
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
		r.Phases[at].End = r.clock()
		if err != nil {
			r.Phases[at].Error = err.Error()
		}
	}
}

// Save writes the record. Before /run is mounted there is no place for it.
func (r *Record) Save() error {
	r.mu.Lock()
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
