package respawn

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader("\n# comment\n  agetty  tty1 linux \nsshd -D\n"))
	want := []Program{{Args: []string{"agetty", "tty1", "linux"}}, {Args: []string{"sshd", "-D"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("parse = %v, %v, want %v", got, err, want)
	}
}

func TestRunStartsAgainAndStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	marks := filepath.Join(t.TempDir(), "marks")
	var lock sync.Mutex
	var ends []string
	log := func(format string, arguments ...any) {
		lock.Lock()
		defer lock.Unlock()
		ends = append(ends, fmt.Sprintf(format, arguments...))
		if len(ends) == 3 {
			cancel()
		}
	}
	// One that ends at once, one that is not there, one that stays until it is told to go.
	Run(ctx, []Program{
		{Args: []string{"/bin/sh", "-c", "echo again >>" + marks + "; exit 3"}},
		{Args: []string{"/absent"}},
		{Args: []string{"/bin/sleep", "1000"}},
	}, log)
	content, err := os.ReadFile(marks)
	if err != nil || strings.Count(string(content), "again") < 1 {
		t.Errorf("marks %q, %v", content, err)
	}
	all := strings.Join(ends, "\n")
	for _, part := range []string{"/bin/sh ended (exit status 3), next start in 500ms", "/absent ended (fork/exec /absent: no such file", "next start in 1s"} {
		if !strings.Contains(all, part) {
			t.Errorf("no %q in:\n%s", part, all)
		}
	}
	if strings.Contains(all, "/bin/sleep") {
		t.Errorf("the one that stays was counted as ended:\n%s", all)
	}
}
