package boot

import (
	"slices"
	"testing"
)

func TestDockerTrouble(t *testing.T) {
	var did []string
	do := func(what string) func() { return func() { did = append(did, what) } }
	trouble := &dockerTrouble{say: do("say"), setAside: do("aside"), openShell: do("shell")}
	for range 10 {
		trouble.starting()
	}
	if want := []string{"say", "aside", "shell"}; !slices.Equal(did, want) {
		t.Errorf("ten starts without an answer: %v, want %v", did, want)
	}
	did = nil
	for range 10 {
		trouble.starting()
		trouble.answers()
	}
	if len(did) > 0 {
		t.Errorf("starts that are answered: %v", did)
	}
	for range 10 {
		trouble.starting()
	}
	if want := []string{"say", "shell"}; !slices.Equal(did, want) {
		t.Errorf("ten more: %v, want %v", did, want)
	}
}
