package kmod

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, alias string
		want           bool
	}{
		{"pci:v00001AF4d00001001sv*sd*bc*sc*i*", "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", true},
		{"pci:v00001AF4d00001001sv*sd*bc*sc*i*", "pci:v00001AF4d00001002sv00001AF4sd00000002bc01sc00i00", false},
		{"pci:v*d*sv*sd*bc01sc06i01*", "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", true},
		{"virtio:d00000002v*", "virtio:d00000002v00001AF4", true},
		{"cpu:type:x86,ven*fam*mod*:feature:*0099*", "cpu:type:x86,ven0002fam000Fmod006B:feature:,0000,0099,009A", true},
		{"usb:v0BDAp81[5-7]0d*", "usb:v0BDAp8160d0100", true},
		{"usb:v0BDAp81[!5-7]0d*", "usb:v0BDAp8160d0100", false},
		{"a[]b]c", "a]c", true},
		{"a[b", "a[b", true},
		{"a[b", "ab", false},
		{`a\*b`, "a*b", true},
		{`a\*b`, "axb", false},
		{`a\`, `a\`, true},
		{"[a-]", "-", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"**a", "ba", true},
		{"fs_ext4", "fs_ext4", true},
		{"a*b*c", "aXbXbXc", true},
		{"a*b*c", "aXbXbX", false},
	} {
		if got := Match(c.pattern, c.alias); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.alias, got)
		}
	}
}

// TestMatchIsQuick holds a pattern that takes a naive matcher longer than the universe has.
func TestMatchIsQuick(t *testing.T) {
	if Match(strings.Repeat("*a", 40)+"b", strings.Repeat("a", 4000)) {
		t.Error("matched")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("pci:v*d[0-9]sv*", "pci:v1d2sv3")
	f.Fuzz(func(t *testing.T, pattern, alias string) {
		if !strings.ContainsAny(pattern, `*?[\`) && Match(pattern, alias) != (pattern == alias) {
			t.Errorf("Match(%q, %q) is wrong for a pattern without wildcards", pattern, alias)
		}
		if !Match("*"+pattern+"*", pattern+alias) && !strings.ContainsAny(pattern, `[\`) {
			t.Errorf("Match(*%q*, %q) is false", pattern, pattern+alias)
		}
	})
}

func TestNormal(t *testing.T) {
	for name, want := range map[string]string{
		"crc32c-intel": "crc32c_intel", "nls_cp437": "nls_cp437", "a[x-y]b-c": "a[x-y]b_c", "": "",
	} {
		if got := normal(name); got != want {
			t.Errorf("normal(%q) = %q, want %q", name, got, want)
		}
	}
}
