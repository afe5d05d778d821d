package cmdline

import (
	"reflect"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	tests := []struct {
		name, line string
		want       map[string]any
		ignored    []string
	}{
		{"nothing of ours", "quiet console=ttyS0 panic=5 rancherx=1\n", map[string]any{}, nil},
		{"no value is true", "rancher.debug", rancher("debug", "true"), nil},
		{"empty value", "rancher.password=", rancher("password", ""), nil},
		{"split at the first equals sign", "rancher.state.dev=LABEL=A", rancher("state", map[string]any{"dev": "LABEL=A"}), nil},
		{"list", "rancher.modules=[a,b]", rancher("modules", []string{"a", "b"}), nil},
		{"empty list", "rancher.modules=[]", rancher("modules", []string{}), nil},
		{"half a list is text", "rancher.modules=[a, b]", rancher("modules", "[a,"), nil},
		{"later wins", "rancher.debug=false rancher.debug=true", rancher("debug", "true"), nil},
		{"a leaf is in the way", "rancher.state=x rancher.state.dev=y", rancher("state", "x"), []string{"rancher.state.dev"}},
		{"a leaf replaces a branch", "rancher.state.dev=y rancher.state=x", rancher("state", "x"), nil},
		{"empty component", "rancher..x=1", map[string]any{}, []string{"rancher..x"}},
		{"leading zeros stay", "rancher.password=007", rancher("password", "007"), nil},
		{"after the double dash", "quiet -- rancher.password=x", rancher("password", "x"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ignored := Settings(test.line)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("Settings(%q) = %v, want %v", test.line, got, test.want)
			}
			if !reflect.DeepEqual(ignored, test.ignored) {
				t.Errorf("ignored = %v, want %v", ignored, test.ignored)
			}
		})
	}
}

func rancher(key string, value any) map[string]any {
	return map[string]any{"rancher": map[string]any{key: value}}
}

func TestConsoles(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{"", nil},
		{"console=tty0 console=ttyS0,115200n8 console=ttyS0", []string{"tty0", "ttyS0"}},
		{"console= console=null console", nil},
	}
	for _, test := range tests {
		if got := Consoles(test.line); !reflect.DeepEqual(got, test.want) {
			t.Errorf("Consoles(%q) = %v, want %v", test.line, got, test.want)
		}
	}
}

func TestPanicTimeout(t *testing.T) {
	tests := []struct {
		line string
		want time.Duration
	}{
		{"", 9 * time.Second},
		{"panic=5", 5 * time.Second},
		{"panic=5 panic=7", 7 * time.Second},
		{"panic=-1", 0},
		{"panic=x", 9 * time.Second},
		{"panic", 9 * time.Second},
	}
	for _, test := range tests {
		if got := PanicTimeout(test.line, 9*time.Second); got != test.want {
			t.Errorf("PanicTimeout(%q) = %v, want %v", test.line, got, test.want)
		}
	}
}
