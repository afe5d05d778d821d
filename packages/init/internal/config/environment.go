package config

import "strings"

// JoinEnvironment joins lists of settings (`NAME=value`); of those with one name the last holds, where the first one stood. Programs
// differ in which of two they take.
func JoinEnvironment(lists ...[]string) []string {
	joined := []string{}
	place := map[string]int{}
	for _, settings := range lists {
		for _, setting := range settings {
			name, _, _ := strings.Cut(setting, "=")
			if at, known := place[name]; known {
				joined[at] = setting
				continue
			}
			place[name] = len(joined)
			joined = append(joined, setting)
		}
	}
	return joined
}

// proxyNames are all that ProxyEnvironment may set.
var proxyNames = []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}

// WithoutProxies leaves out the proxies that an environment came with: the configuration may have others by now, or none.
func WithoutProxies(environment []string) []string {
	kept := []string{}
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		isProxy := false
		for _, proxy := range proxyNames {
			isProxy = isProxy || name == proxy
		}
		if !isProxy {
			kept = append(kept, setting)
		}
	}
	return kept
}
