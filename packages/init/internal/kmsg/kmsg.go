// Package kmsg writes to the kernel's log, the one log that exists before any file system does and that every console
// shows.
package kmsg

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

const (
	device    = "/dev/kmsg"
	rateLimit = "/proc/sys/kernel/printk_devkmsg"
	levels    = "/proc/sys/kernel/printk"
)

// Kernel log levels (syslog(2)). Consoles show what is below their own level: 7 usually, 4 with `quiet`.
const (
	levelError = 3
	levelInfo  = 6
	levelDebug = 7
)

// limit is the longest record that the kernel takes in one write (LOG_LINE_MAX less the prefix).
const limit = 960

var open = sync.OnceValue(func() *os.File {
	file, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return file
})

// Unlimited lifts the kernel's limit of ten lines in five seconds for what user space logs.
func Unlimited() error {
	return os.WriteFile(rateLimit, []byte("on\n"), 0)
}

// Verbose makes the consoles show everything.
func Verbose() error {
	return os.WriteFile(levels, []byte("8\n"), 0)
}

// Debug logs what only a console shows that was made verbose, and the log.
func Debug(format string, args ...any) {
	write(levelDebug, fmt.Sprintf(format, args...))
}

// Info logs what a quiet boot need not show.
func Info(format string, args ...any) {
	write(levelInfo, fmt.Sprintf(format, args...))
}

// Error logs what must be seen on the console even with `quiet`.
func Error(format string, args ...any) {
	write(levelError, fmt.Sprintf(format, args...))
}

func write(level int, text string) {
	out := open()
	if out == nil {
		fmt.Fprintln(os.Stderr, "ros: "+text)
		return
	}
	for _, record := range records(level, text) {
		if _, err := out.WriteString(record); err != nil {
			fmt.Fprint(os.Stderr, record)
		}
	}
}

// records cuts a text into lines that the kernel accepts, each with its level.
func records(level int, text string) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		for len(line) > limit {
			out = append(out, fmt.Sprintf("<%d>ros: %s\n", level, line[:limit]))
			line = line[limit:]
		}
		out = append(out, fmt.Sprintf("<%d>ros: %s\n", level, line))
	}
	return out
}
