package kmsg

import (
	"slices"
	"strings"
	"testing"
)

func TestRecords(t *testing.T) {
	long := strings.Repeat("x", limit)
	for text, want := range map[string][]string{
		"one":           {"<3>ros: one\n"},
		"one\ntwo\n":    {"<3>ros: one\n", "<3>ros: two\n"},
		long:            {"<3>ros: " + long + "\n"},
		long + "y\nend": {"<3>ros: " + long + "\n", "<3>ros: y\n", "<3>ros: end\n"},
	} {
		if got := records(levelError, text); !slices.Equal(got, want) {
			t.Errorf("%.20q: got %q, want %q", text, got, want)
		}
	}
}
