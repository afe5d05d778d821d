// Package kmod loads kernel modules by name and by alias, with what they depend on: what modprobe and the cold-plugging
// of udev do. It reads the tables that depmod writes.
package kmod

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Module is a line of modules.dep.
type Module struct {
	Name string
	// Path is relative to the index's directory.
	Path string
	// Needs are the paths of the modules that it depends on.
	Needs []string
}

type alias struct {
	pattern, module string
}

// Index is what depmod found out about one kernel's modules (depmod.d(5), modules.dep(5)).
type Index struct {
	Dir     string
	modules map[string]Module
	builtin map[string]bool
	// aliases are in groups by the literal text before the first colon; those that have none there are under "".
	aliases map[string][]alias
	softPre map[string][]string
}

// ReadIndex reads the tables in a directory such as /usr/lib/modules/6.1.0. Only modules.dep must exist.
func ReadIndex(dir string) (*Index, error) {
	index := &Index{Dir: dir, modules: map[string]Module{}, builtin: map[string]bool{}, aliases: map[string][]alias{}, softPre: map[string][]string{}}
	dep, err := os.ReadFile(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("reading the module index: %w", err)
	}
	eachLine(string(dep), index.addDependencies)
	for name, add := range map[string]func(string){
		"modules.builtin": func(line string) { index.builtin[moduleName(line)] = true },
		"modules.alias":   index.addAlias,
		"modules.softdep": index.addSoftDependency,
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("reading the module index: %w", err)
		}
		eachLine(string(text), add)
	}
	return index, nil
}

func eachLine(text string, add func(line string)) {
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		if line != "" && line[0] != '#' {
			add(line)
		}
		text = rest
	}
}

// addDependencies reads `kernel/a.ko: kernel/b.ko kernel/c.ko`.
func (x *Index) addDependencies(line string) {
	path, needs, found := strings.Cut(line, ":")
	if found {
		name := moduleName(path)
		x.modules[name] = Module{Name: name, Path: path, Needs: strings.Fields(needs)}
	}
}

// addAlias reads `alias PATTERN MODULE`. A pattern may hold spaces, a module's name never does.
func (x *Index) addAlias(line string) {
	rest, isAlias := strings.CutPrefix(line, "alias ")
	at := strings.LastIndexByte(rest, ' ')
	if !isAlias || at < 1 {
		return
	}
	pattern := normal(rest[:at])
	group := aliasGroup(pattern)
	x.aliases[group] = append(x.aliases[group], alias{pattern, normal(rest[at+1:])})
}

// addSoftDependency reads `softdep MODULE pre: a b post: c`; only pre counts here.
func (x *Index) addSoftDependency(line string) {
	words := strings.Fields(line)
	if len(words) < 3 || words[0] != "softdep" {
		return
	}
	module, pre := normal(words[1]), false
	for _, word := range words[2:] {
		if strings.HasSuffix(word, ":") {
			pre = word == "pre:"
		} else if pre {
			x.softPre[module] = append(x.softPre[module], word)
		}
	}
}

// aliasGroup is the literal text before the first colon, or nothing when a wildcard comes earlier.
func aliasGroup(pattern string) string {
	at := strings.IndexAny(pattern, `:*?[\`)
	if at < 0 || pattern[at] != ':' {
		return ""
	}
	return pattern[:at]
}

// moduleName is the name of the module in a file: kernel/fs/nls/nls_cp437.ko and nls_cp437.ko.zst are nls_cp437.
func moduleName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if at := strings.Index(name, ".ko"); at >= 0 {
		name = name[:at]
	}
	return normal(name)
}

// Resolve gives the names of the modules that a name or an alias stands for. It is empty when nothing fits; a name that
// is built into the kernel resolves to nothing with builtin true.
func (x *Index) Resolve(request string) (names []string, builtin bool) {
	name := normal(request)
	if _, found := x.modules[name]; found {
		return []string{name}, false
	}
	if x.builtin[name] {
		return nil, true
	}
	seen := map[string]bool{}
	for _, group := range []string{aliasGroup(name), ""} {
		for _, a := range x.aliases[group] {
			if !seen[a.module] && Match(a.pattern, name) {
				seen[a.module] = true
				names = append(names, a.module)
				builtin = builtin || x.builtin[a.module]
			}
		}
		if group == "" {
			break
		}
	}
	return names, builtin && len(names) == 0
}
