package config

import (
	"slices"
	"testing"
)

func TestJoinEnvironment(t *testing.T) {
	got := JoinEnvironment([]string{"A=1", "B=2"}, nil, []string{"C=3", "A=4", "A=5"})
	if want := []string{"A=5", "B=2", "C=3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	network := Network{HTTPProxy: "http://p", HTTPSProxy: "http://p", NoProxy: "x"}
	if got := WithoutProxies(append(network.ProxyEnvironment(), "PATH=/bin", "HTTP_PROXY_X=1")); !slices.Equal(got, []string{"PATH=/bin", "HTTP_PROXY_X=1"}) {
		t.Errorf("%q", got)
	}
}
