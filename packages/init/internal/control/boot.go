package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"rancheros-kit/init/internal/boot"
	"rancheros-kit/init/internal/service"

	"golang.org/x/sys/unix"
)

var bootCommand = command{
	names: []string{"boot"}, usage: "ros boot", summary: "print how long each part of this boot took",
	setup: plain(func(s *session, _ []string) error {
		started, err := kernelStart()
		if err != nil {
			return err
		}
		entries, err := timeline(s.root, started)
		if err != nil {
			return err
		}
		return printTimeline(s, entries)
	}),
}

// span is a line of the timeline, in seconds since the kernel started; end is 0 for what still goes on.
type span struct {
	name, result string
	start, end   float64
}

// kernelStart is when the kernel started, by the machine's clock as it is now.
func kernelStart() (time.Time, error) {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}, fmt.Errorf("reading the time since the kernel started: %w", err)
	}
	return time.Now().Add(-time.Duration(since.Nano())), nil
}

// timeline joins the record of PID 1 and the results of the services, in the order of their start. Services that were not
// started so far have no line.
func timeline(root string, started time.Time) ([]span, error) {
	text, err := os.ReadFile(filepath.Join(root, boot.RecordFile))
	if err != nil {
		return nil, err
	}
	var record boot.Record
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("reading %s: %w", boot.RecordFile, err)
	}
	var spans []span
	for _, phase := range record.Phases {
		spans = append(spans, span{phase.Name, phase.Error, phase.Start, phase.End})
	}
	results, err := service.ReadResults(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, result := range results {
		if result.Start.IsZero() {
			continue
		}
		line := span{name: "service " + result.Name, result: result.Action, start: result.Start.Sub(started).Seconds()}
		if !result.End.IsZero() {
			line.end = result.End.Sub(started).Seconds()
		}
		if result.Error != "" {
			line.result = result.Error
		}
		spans = append(spans, line)
	}
	sort.SliceStable(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	return spans, nil
}

// width is that of the bars, in characters.
const width = 40

func printTimeline(s *session, spans []span) error {
	last := 0.0
	for _, line := range spans {
		last = max(last, line.start, line.end)
	}
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "START\tTOOK\t\tPART")
	for _, line := range spans {
		took := "runs"
		if line.end > 0 {
			took = fmt.Sprintf("%.2f s", line.end-line.start)
		}
		name := line.name
		if line.result != "" {
			// The first line of an error says what it is.
			first, _, _ := strings.Cut(line.result, "\n")
			name += ": " + first
		}
		fmt.Fprintf(table, "%.2f s\t%s\t|%s|\t%s\n", line.start, took, bar(line, last), name)
	}
	return table.Flush()
}

// bar shows when on a scale from the kernel's start to last a part ran; what took no time has one mark.
func bar(line span, last float64) string {
	end := line.end
	if end == 0 {
		end = last
	}
	from := min(column(line.start, last), width-1)
	to := max(min(column(end, last), width), from+1)
	return strings.Repeat(" ", from) + strings.Repeat("#", to-from) + strings.Repeat(" ", width-to)
}

func column(at, last float64) int {
	if last <= 0 || at < 0 {
		return 0
	}
	return int(at / last * width)
}
