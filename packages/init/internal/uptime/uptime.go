// Package uptime tells times by the machine's age, which nobody sets.
package uptime

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time since the kernel started, in seconds, suspended time included (CLOCK_BOOTTIME).
func Now() float64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return milliseconds(float64(now.Nano()) / float64(time.Second))
}

// At is when a moment of this process was; 0 for the zero time.
func At(moment time.Time) float64 {
	if moment.IsZero() {
		return 0
	}
	return milliseconds(Now() - time.Since(moment).Seconds())
}

func milliseconds(seconds float64) float64 {
	return math.Round(seconds*1000) / 1000
}
