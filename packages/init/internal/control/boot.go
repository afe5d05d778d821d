package control

import (
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"

	"rancheros-kit/init/internal/boot"
)

var bootCommand = command{
	names: []string{"boot"}, usage: "ros boot", summary: "print how long each part of this boot took",
	setup: plain(func(s *session, _ []string) error {
		record, err := boot.Read(s.root)
		if err != nil {
			return err
		}
		return printTimeline(s, timeline(record))
	}),
}

// span is a line of the timeline, in seconds since the kernel started; end is 0 for what still goes on.
type span struct {
	name, result string
	start, end   float64
}

// timeline joins phases and services, in the order of their start. Services that were not started so far have no line.
func timeline(record *boot.Record) []span {
	var spans []span
	for _, phase := range record.Phases {
		spans = append(spans, span{phase.Name, phase.Error, phase.Start, phase.End})
	}
	for _, service := range record.Services {
		line := span{"service " + service.Name, service.Result, service.Start, service.End}
		if service.Error != "" {
			line.result = service.Error
		}
		spans = append(spans, line)
	}
	sort.SliceStable(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	return spans
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
