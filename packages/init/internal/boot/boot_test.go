package boot

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/service"
)

func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, phase := range slices.Concat(stageOne, stageTwo) {
		if phase.Name == "" || seen[phase.Name] || phase.Deadline <= 0 || phase.Run == nil {
			t.Errorf("row %+v: a name of its own, a deadline and a function are needed", phase)
		}
		seen[phase.Name] = true
	}
	fatalRows := []string{}
	for _, phase := range slices.Concat(stageOne, stageTwo) {
		if phase.Severity == Fatal {
			fatalRows = append(fatalRows, phase.Name)
		}
	}
	// Without these there is no machine; everything else must not keep it from its console.
	if want := []string{"mounts", "config", "state", "root", "switch-root", "command-line"}; !slices.Equal(fatalRows, want) {
		t.Errorf("fatal are %v, want %v", fatalRows, want)
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ros/boot.json")
	first := OpenRecord(path, "v1")
	clock := 1.0
	first.clock = func() float64 { clock++; return clock }
	first.Begin("mounts")(nil)
	first.Begin("modules")(errors.New("module x: no such device"))
	if err := first.Save(); err != nil {
		t.Fatal(err)
	}
	second := OpenRecord(path, "v1")
	second.clock = first.clock
	second.Begin("etc")
	if err := second.Save(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version string
		Phases  []Entry
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []Entry{{"mounts", 2, 3, Done, ""}, {"modules", 4, 5, Failed, "module x: no such device"}, {"etc", 6, 0, "", ""}}
	if got.Version != "v1" || !slices.Equal(got.Phases, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRecordHasTheServices(t *testing.T) {
	root := t.TempDir()
	record := OpenRecord(root+RecordFile, "v1")
	record.Begin("services")(nil)
	if err := record.Save(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(root); err != nil {
		t.Errorf("before there are services: %v", err)
	}
	began := time.Now()
	if err := service.WriteResults(root, []service.Result{
		{Name: "late"},
		{Name: "ntp", Start: began, End: began.Add(time.Second), Error: "no image"},
		{Name: "console", Start: began.Add(-time.Second), Action: service.Created},
	}); err != nil {
		t.Fatal(err)
	}
	if err := record.Save(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(root + RecordFile)
	if err != nil {
		t.Fatal(err)
	}
	var saved Record
	if err := json.Unmarshal(text, &saved); err != nil {
		t.Fatal(err)
	}
	read, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, services := range [][]Entry{saved.Services, read.Services} {
		if len(services) != 2 || services[0].Name != "console" || services[0].Result != service.Created || services[0].End != 0 {
			t.Fatalf("got %+v", services)
		}
		failed := services[1]
		if took := failed.End - failed.Start; failed.Result != Failed || failed.Error != "no image" || took < 0.99 || took > 1.01 {
			t.Errorf("got %+v", failed)
		}
	}
}

func TestDamagedRecordIsBegunAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot.json")
	if err := os.WriteFile(path, []byte("{\"phases\": ["), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := OpenRecord(path, "v1"); len(r.Phases) != 0 || r.Version != "v1" {
		t.Errorf("got %+v", r)
	}
}

func TestRunGoesOnAfterWarnings(t *testing.T) {
	m := &Machine{Record: OpenRecord(filepath.Join(t.TempDir(), "boot.json"), "v1")}
	var order []string
	run(m, []Phase{
		{"a", Warn, time.Minute, func(*Machine) error { order = append(order, "a"); return errors.New("bad") }},
		{"b", Warn, time.Minute, func(*Machine) error { order = append(order, "b"); panic("oh") }},
		{"c", Fatal, time.Minute, func(*Machine) error { order = append(order, "c"); return nil }},
	})
	if !slices.Equal(order, []string{"a", "b", "c"}) {
		t.Errorf("ran %v", order)
	}
	errors := []string{m.Record.Phases[0].Error, m.Record.Phases[1].Error, m.Record.Phases[2].Error}
	if errors[0] != "bad" || !strings.HasPrefix(errors[1], "panic: oh\n") || errors[2] != "" {
		t.Errorf("recorded %q", errors)
	}
}

func TestWithin(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	err := within(time.Millisecond, func() error { <-hang; return nil })
	if err == nil || !strings.Contains(err.Error(), "not done within 1ms") {
		t.Errorf("got %v", err)
	}
	if err := within(forever, func() error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestHasUSBStorage(t *testing.T) {
	devices := t.TempDir()
	put := func(name, class string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(devices, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(devices, name, "bInterfaceClass"), []byte(class), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("1-1:1.0", "03\n")
	if hasUSBStorage(devices) || hasUSBStorage(devices+"/none") {
		t.Error("a keyboard was taken for a disk")
	}
	put("1-2:1.0", "08\n")
	if !hasUSBStorage(devices) {
		t.Error("a disk was not found")
	}
}

func TestMainIsForPID1(t *testing.T) {
	if code := Main([]string{"/init"}); code != 1 {
		t.Errorf("code %d", code)
	}
}
