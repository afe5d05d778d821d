package config

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
)

// tree is a random tree of maps, texts and lists.
type tree map[string]any

func (tree) Generate(random *rand.Rand, size int) reflect.Value {
	return reflect.ValueOf(tree(grown(random, 4)))
}

func grown(random *rand.Rand, depth int) map[string]any {
	made := map[string]any{}
	for range random.Intn(4) {
		name := string(rune('a' + random.Intn(4)))
		switch kind := random.Intn(3); {
		case kind == 0 && depth > 0:
			made[name] = grown(random, depth-1)
		case kind == 1:
			made[name] = []any{random.Intn(3)}
		default:
			made[name] = random.Intn(5)
		}
	}
	return made
}

func holds(t *testing.T, name string, property any) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
			t.Error(err)
		}
	})
}

func TestMergeProperties(t *testing.T) {
	holds(t, "nothing over a tree, and a tree over nothing, is the tree", func(a tree) bool {
		return reflect.DeepEqual(merge(a, nil), map[string]any(a)) && reflect.DeepEqual(merge(nil, a), map[string]any(a))
	})
	holds(t, "a tree over itself is itself", func(a tree) bool { return reflect.DeepEqual(merge(a, a), map[string]any(a)) })
	holds(t, "every leaf of the upper tree holds", func(a, b tree) bool {
		merged := merge(a, b)
		return everyLeaf(b, "", func(path string, value any) bool {
			got, found := Get(merged, path)
			return found && reflect.DeepEqual(got, value)
		})
	})
	holds(t, "the arguments stay", func(a, b tree) bool {
		before := merge(a, nil)
		merge(a, b)
		return reflect.DeepEqual(before, map[string]any(a))
	})
}

func everyLeaf(at map[string]any, prefix string, call func(path string, value any) bool) bool {
	for name, value := range at {
		path := prefix + name
		if branch, isMap := value.(map[string]any); isMap {
			if !everyLeaf(branch, path+".", call) {
				return false
			}
		} else if !call(path, value) {
			return false
		}
	}
	return true
}

func TestDottedProperties(t *testing.T) {
	paths := []string{"a", "b.c", "a.b.c.d", "d.d"}
	holds(t, "what was put is got, and nothing is left of it when it is removed", func(a tree, which uint8, value int) bool {
		path := paths[int(which)%len(paths)]
		put(a, strings.Split(path, "."), value)
		got, found := Get(a, path)
		remove(a, strings.Split(path, "."))
		_, still := Get(a, path)
		return found && got == value && !still
	})
	holds(t, "all leaves are got by their paths", func(a tree) bool {
		return everyLeaf(a, "", func(path string, value any) bool {
			got, found := Get(a, path)
			return found && reflect.DeepEqual(got, value)
		})
	})
	holds(t, "secrets and the rest are the whole", func(a tree) bool {
		put(a, []string{"rancher", "ssh", "keys"}, "k")
		put(a, []string{"rancher", "docker", "ca_key"}, "k")
		whole := merge(a, nil)
		kept := merge(a, nil)
		kept["rancher"] = merge(kept["rancher"].(map[string]any), nil)
		docker := kept["rancher"].(map[string]any)["docker"].(map[string]any)
		kept["rancher"].(map[string]any)["docker"] = merge(docker, nil)
		taken := splitSecrets(kept)
		_, leaked := Get(kept, "rancher.ssh")
		return !leaked && reflect.DeepEqual(merge(kept, taken), whole)
	})
}

// An address never brings a variable, and what has no variable stays.
func FuzzSubstitute(f *testing.F) {
	for _, text := range []string{"$public_ipv4", `\$private_ipv4 \\$public_ipv6`, "$private_ipv6$public_ipv4x", "$ $$ $public"} {
		f.Add(text)
	}
	metadata := Metadata{PublicIPv4: "192.0.2.1", PrivateIPv6: "2001:db8::1"}
	f.Fuzz(func(t *testing.T, text string) {
		got := string(metadata.substitute([]byte(text)))
		if !strings.Contains(text, "_ipv") && got != text {
			t.Errorf("%q became %q", text, got)
		}
		if !strings.Contains(text, `\`) && strings.Contains(got, "$public_ipv4") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
