package fetch

import (
	"net/netip"
	"testing"
)

// A server outside may not send the machine to what is inside; one inside may.
func TestGuard(t *testing.T) {
	tests := []struct {
		first, next string
		refused     bool
	}{
		{"192.0.2.1:80", "192.0.2.2:80", false},
		{"192.0.2.1:80", "169.254.169.254:80", true},
		{"192.0.2.1:80", "127.0.0.1:2375", true},
		{"192.0.2.1:80", "[::1]:80", true},
		{"192.0.2.1:80", "[::ffff:10.0.0.1]:80", true},
		{"[2001:db8::1]:80", "[fe80::1%eth0]:80", true},
		{"[2001:db8::1]:80", "[fd00::1]:80", true},
		{"10.0.0.1:80", "10.0.0.2:80", false},
	}
	for _, test := range tests {
		guard := guard{}
		if err := guard.dial(test.first); err != nil {
			t.Errorf("%s: %v", test.first, err)
		}
		guard.redirect()
		if err := guard.dial(test.next); (err != nil) != test.refused {
			t.Errorf("%s, then %s: %v", test.first, test.next, err)
		}
	}
	if !isInside(netip.MustParseAddr("0.0.0.0")) {
		t.Error("0.0.0.0 is this machine")
	}
}
