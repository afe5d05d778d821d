package uptime

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestNowIsTheKernelsUptime(t *testing.T) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	// A container may have a time namespace of its own, for both alike.
	if now := Now(); now < kernel-1 || now > kernel+60 {
		t.Errorf("now is %v, /proc/uptime was %v", now, kernel)
	}
}

func TestAt(t *testing.T) {
	if at := At(time.Time{}); at != 0 {
		t.Errorf("the zero time is %v", at)
	}
	now := time.Now()
	if apart := At(now) - At(now.Add(-2*time.Second)); apart < 1.9 || apart > 2.1 {
		t.Errorf("two seconds are %v", apart)
	}
}
