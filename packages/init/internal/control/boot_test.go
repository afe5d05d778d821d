package control

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/boot"
	"rancheros-kit/init/internal/service"
	"rancheros-kit/init/internal/uptime"
)

func TestBootTimeline(t *testing.T) {
	root := t.TempDir()
	if _, err := boot.Read(root); !os.IsNotExist(err) {
		t.Errorf("without a record: %v", err)
	}
	at := func(seconds float64) time.Time {
		return time.Now().Add(time.Duration((seconds - uptime.Now()) * float64(time.Second)))
	}
	record := `{"version":"v1","phases":[{"name":"mounts","start":1,"end":1.5},{"name":"modules","start":1.5,"end":5,"error":"x: no device\ny"},{"name":"commit-usr","start":6}]}`
	if err := os.MkdirAll(filepath.Join(root, "run/ros"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "run/ros/boot.json"), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := service.WriteResults(root, []service.Result{
		{Name: "console", Start: at(5.5), End: at(10), Action: service.Created},
		{Name: "late"},
		{Name: "ntp", Start: at(9), End: at(9.25), Error: "no image"},
	}); err != nil {
		t.Fatal(err)
	}
	whole, err := boot.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printTimeline(&session{stdout: &out}, timeline(whole)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"START   TOOK                                                PART",
		"1.00 s  0.50 s  |    ##                                  |  mounts",
		"1.50 s  3.50 s  |      ##############                    |  modules: x: no device",
		"5.50 s  4.50 s  |                      ##################|  service console: created",
		"6.00 s  runs    |                        ################|  commit-usr",
		"9.00 s  0.25 s  |                                    #   |  service ntp: no image",
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != len(want) {
		t.Fatalf("got\n%s", out.String())
	}
	for i := range want {
		if strings.Join(strings.Fields(got[i]), " ") != strings.Join(strings.Fields(want[i]), " ") {
			t.Errorf("line %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct{ start, end float64 }{{0, 10}, {10, 10}, {-3, 0}, {5, 5}, {0, 0}, {20, 30}} {
		if got := bar(span{start: c.start, end: c.end}, 10); len(got) != width || !strings.Contains(got, "#") {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := bar(span{}, 0); len(got) != width {
		t.Errorf("%q", got)
	}
}
