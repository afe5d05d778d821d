package cmdline

import (
	"strings"
	"testing"
)

// Whatever the kernel was given: no panic, leaves of two kinds, and what is after ` -- ` is not shown.
func FuzzSettings(f *testing.F) {
	for _, line := range []string{"quiet rancher.state.dev=LABEL=A rancher.modules=[a,b] -- rancher.password=x", "rancher..a rancher. rancher.a=1 rancher.a.b=2", "-- --", "console=ttyS0,115200 console= panic=-1"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		tree, _ := Settings(line)
		checkTree(t, tree)
		Consoles(line)
		PanicTimeout(line, 0)
		shown, hides := Shown(line)
		if again, hidesAgain := Shown(shown); hidesAgain || again != strings.TrimSpace(shown) {
			t.Errorf("what is shown of %q hides something: %q, %q", line, shown, again)
		}
		if !hides && shown != strings.TrimSpace(line) {
			t.Errorf("nothing is hidden of %q, and %q is shown", line, shown)
		}
	})
}

func checkTree(t *testing.T, tree map[string]any) {
	for key, value := range tree {
		if key == "" {
			t.Error("an empty key")
		}
		switch value := value.(type) {
		case map[string]any:
			checkTree(t, value)
		case string, []string:
		default:
			t.Errorf("%s is a %T", key, value)
		}
	}
}
