package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestSetThenLoad(t *testing.T) {
	defaults := "hostname: rancher\nrancher: {network: {dns: {nameservers: [8.8.8.8]}}}"
	tests := []struct {
		key, text string
		want      any
		saved     string
	}{
		{"hostname", "box", "box", "hostname: box\n"},
		{"hostname", "007", "007", "hostname: \"007\"\n"},
		{"hostname", "rancher", "rancher", "{}\n"},
		{"rancher.debug", "true", true, "rancher:\n    debug: true\n"},
		{"rancher.network.dns.search", "[a, b]", []any{"a", "b"}, "rancher:\n    network:\n        dns:\n            search:\n                - a\n                - b\n"},
		{"rancher.network.dns.nameservers", "[8.8.8.8]", []any{"8.8.8.8"}, "{}\n"},
		{"rancher.environment.FLANNEL", "x=y", "x=y", "rancher:\n    environment:\n        FLANNEL: x=y\n"},
		{"rancher.network.interfaces.eth0", "{dhcp: true, mtu: 1400}", map[string]any{"dhcp": true, "mtu": 1400}, "rancher:\n    network:\n        interfaces:\n            eth0:\n                dhcp: true\n                mtu: 1400\n"},
	}
	for _, test := range tests {
		t.Run(test.key+"="+test.text, func(t *testing.T) {
			root := machine(t, map[string]string{OSConfigFile: defaults})
			if err := Set(root, test.key, test.text); err != nil {
				t.Fatal(err)
			}
			tree, warnings, err := Tree(root, "")
			if err != nil || len(warnings) > 0 {
				t.Fatalf("Tree: %v, warnings %v", err, warnings)
			}
			if got, found := Get(tree, test.key); !found || !reflect.DeepEqual(got, test.want) {
				t.Errorf("Get = %#v, want %#v", got, test.want)
			}
			saved, err := os.ReadFile(filepath.Join(root, CloudConfigFile))
			if err != nil || string(saved) != test.saved {
				t.Errorf("saved %q (%v), want %q", saved, err, test.saved)
			}
		})
	}
}

func TestSecretsGoToThePrivateFile(t *testing.T) {
	root := machine(t, map[string]string{OSConfigFile: "hostname: rancher"})
	if err := Set(root, "rancher.ssh.keys.ed25519", "secret"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(root, PrivateFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("private file: %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Join(root, CloudConfigFile)); !os.IsNotExist(err) {
		t.Error("cloud-config.yml was written too")
	}
	if config, _, _ := Load(root, ""); config.Rancher.SSH.Keys["ed25519"] != "secret" {
		t.Errorf("keys = %v", config.Rancher.SSH.Keys)
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct{ name, key, text, user, message string }{
		{"unknown key", "rancher.debgu", "true", "", "unknown key rancher.debgu"},
		{"below a text", "hostname.x", "true", "", "unknown key hostname.x"},
		{"wrong type", "rancher.debug", "maybe", "", `rancher.debug is "maybe", want true or false`},
		{"text for a map", "rancher.network", "x", "", "rancher.network is a single value, want a map"},
		{"the file is broken", "hostname", "x", "a: [", "is not YAML, nothing changed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := machine(t, map[string]string{OSConfigFile: "{}", CloudConfigFile: test.user})
			err := Set(root, test.key, test.text)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("error = %v, want %q", err, test.message)
			}
			if content, _ := os.ReadFile(filepath.Join(root, CloudConfigFile)); string(content) != test.user {
				t.Errorf("the file is %q now", content)
			}
		})
	}
}

func TestSetKeepsWhatItDoesNotKnow(t *testing.T) {
	root := machine(t, map[string]string{OSConfigFile: "{}", CloudConfigFile: "later: {key: 1}\nhostname: a\n"})
	if err := Set(root, "hostname", "b"); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(filepath.Join(root, CloudConfigFile)); string(content) != "hostname: b\nlater:\n    key: 1\n" {
		t.Errorf("saved %q", content)
	}
}

func TestGet(t *testing.T) {
	tree := map[string]any{"a": map[string]any{"b.c": map[string]any{"d": 1}, "e": []any{"x"}}}
	for key, want := range map[string]any{"a.b.c.d": 1, "a.e": []any{"x"}, "a.b": nil, "": nil, "a.e.x": nil} {
		if got, _ := Get(tree, key); !reflect.DeepEqual(got, want) {
			t.Errorf("Get(%q) = %v, want %v", key, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"", []string{}},
		{" a  b\n", []string{"a", "b"}},
		{`'' ""`, []string{"", ""}},
		{`a'b c'"d\" \e"\ f`, []string{`ab cd" \e f`}},
	}
	for _, test := range tests {
		if got, err := Words(test.text); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("Words(%q) = %q, %v, want %q", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"'", `"a`, `a\`} {
		if words, err := Words(text); err == nil {
			t.Errorf("Words(%q) = %q, want an error", text, words)
		}
	}
}
