package config

import (
	"slices"
	"strings"
)

// Get finds the value of a dotted key in a tree: a map, a list, a text, a number or a truth value. `a.b` as one key of a
// map is found too, the longest such key first.
func Get(tree map[string]any, key string) (any, bool) {
	if value, found := tree[key]; found {
		return value, true
	}
	for at := len(key) - 1; at > 0; at-- {
		if key[at] != '.' {
			continue
		}
		if branch, isMap := tree[key[:at]].(map[string]any); isMap {
			if value, found := Get(branch, key[at+1:]); found {
				return value, true
			}
		}
	}
	return nil, false
}

// put sets the value at a dotted path, making maps on its way; what stands there and is no map is replaced.
func put(tree map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		branch, isMap := tree[name].(map[string]any)
		if !isMap {
			branch = map[string]any{}
			tree[name] = branch
		}
		tree = branch
	}
	tree[path[len(path)-1]] = value
}

// secrets are the keys that go to the private file, with all that is below them.
var secrets = []string{
	"rancher.ssh", "rancher.password", "rancher.registry_auths",
	"rancher.docker.ca_cert", "rancher.docker.ca_key", "rancher.docker.server_cert", "rancher.docker.server_key",
}

// private tells the keys that go to the private file.
func private(key string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return key == secret || strings.HasPrefix(key, secret+".") })
}

// splitSecrets takes the secrets out of a tree, which is changed, and gives them as one.
func splitSecrets(tree map[string]any) map[string]any {
	taken := map[string]any{}
	for _, secret := range secrets {
		if value, found := Get(tree, secret); found {
			put(taken, strings.Split(secret, "."), value)
			remove(tree, strings.Split(secret, "."))
		}
	}
	return taken
}
