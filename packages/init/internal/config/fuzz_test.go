package config

import (
	"os"
	"strings"
	"testing"
)

// Whatever a file holds, the machine boots: no panic, and what is read can be typed.
func FuzzParse(f *testing.F) {
	shipped, err := os.ReadFile("../../../distro/assets/os-config.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	for _, text := range []string{"", "a: [", "rancher: &a {<<: *a}", "rancher: {services: {a: {command: 'x \"y', environment: {A: null, B: [1]}}}}", "hostname: !!binary aGk=", "? [a]\n: b", "--- a\n--- b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		tree, _ := parse("file", content)
		if _, err := decode(tree); err != nil {
			t.Errorf("the tree of %q can not be typed: %v", content, err)
		}
	})
}

func FuzzCommandLine(f *testing.F) {
	f.Add("quiet rancher.state.dev=LABEL=A rancher.modules=[a,b] rancher.debug rancher.services.a.command=x")
	f.Add("rancher=x rancher.=y rancher..z rancher.network.interfaces.eth0.mtu=1e3")
	f.Fuzz(func(t *testing.T, line string) {
		tree, _ := commandLineSource(line)
		if _, err := decode(tree); err != nil {
			t.Errorf("the settings of %q can not be typed: %v", line, err)
		}
	})
}

// Words that are put in single quotes come back as they were.
func FuzzWords(f *testing.F) {
	f.Add("a b")
	f.Fuzz(func(t *testing.T, word string) {
		_, _ = Words(word)
		if strings.Contains(word, "'") {
			return
		}
		if got, err := Words("'" + word + "' next"); err != nil || len(got) != 2 || got[0] != word {
			t.Errorf("Words('%s' next) = %q, %v", word, got, err)
		}
	})
}
