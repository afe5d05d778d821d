package cmdline

import "strings"

// prefix is what every setting of ours starts with.
const prefix = "rancher."

// Settings is the tree of all `rancher.` tokens: maps of maps, whose leaves are Text or List. A token whose path goes
// through a leaf that stands already is left out and named in ignored. Later tokens win.
func Settings(line string) (tree map[string]any, ignored []string) {
	tree = map[string]any{}
	for _, param := range Parse(line) {
		if !strings.HasPrefix(param.Name, prefix) {
			continue
		}
		if !put(tree, strings.Split(param.Name, "."), leaf(param)) {
			ignored = append(ignored, param.Name)
		}
	}
	return tree, ignored
}

// leaf is the value of a token as text or as list of texts; what type the text becomes is the schema's business.
func leaf(param Param) any {
	if !param.HasValue {
		return "true"
	}
	if items, isList := List(param.Value); isList {
		return items
	}
	return param.Value
}

// List reads `[a,b]`: items are texts, without the white space around them; `[]` is the empty list.
func List(text string) (items []string, isList bool) {
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return nil, false
	}
	items = []string{}
	inner := strings.TrimSpace(text[1 : len(text)-1])
	if inner == "" {
		return items, true
	}
	for _, item := range strings.Split(inner, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items, true
}

// put sets the value at a path. It reports false when a component is empty or when a leaf stands where a map is needed.
func put(tree map[string]any, path []string, value any) bool {
	for _, name := range path {
		if name == "" {
			return false
		}
	}
	for _, name := range path[:len(path)-1] {
		next, exists := tree[name]
		if !exists {
			next = map[string]any{}
			tree[name] = next
		}
		branch, isMap := next.(map[string]any)
		if !isMap {
			return false
		}
		tree = branch
	}
	tree[path[len(path)-1]] = value
	return true
}
