package control

import (
	"slices"
	"strings"
	"testing"
)

func TestCandidates(t *testing.T) {
	root := machine(t)
	s := &session{stdin: strings.NewReader(""), stdout: &strings.Builder{}, stderr: &strings.Builder{}, root: root}
	for line, want := range map[string][]string{
		"ros ser":                    {"service"},
		"ros co":                     {"completion", "config", "console"},
		"ros service re":             {"restart"},
		"ros s restart t":            {"two"},
		"ros config get rancher.net": {"rancher.network", "rancher.network.dns", "rancher.network.dns.nameservers"},
		"ros config export --p":      {"--private"},
		"ros completion ":            {"bash", "fish", "zsh"},
		"ros nonsense x":             {},
		"":                           {},
	} {
		if got := candidates(s, line); line != "" && !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"config", "console", "service", "os", "s"}
	for typed, want := range map[string]string{"confgi": "config", "serivce": "service", "consol": "console", "xyz": "", "": "", "ox": "os", "servicesss": "service"} {
		if got := nearest(typed, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for shell := range completions {
		if got := must(t, t.TempDir(), "", "completion", shell); !strings.Contains(got, "ros complete") {
			t.Errorf("%s: %q", shell, got)
		}
	}
}
