package kmod

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/cmdline"
)

// ErrNotFound means that no module has this name or alias.
var ErrNotFound = errors.New("no such module")

// Loader loads modules of one index, each once, several at a time.
type Loader struct {
	Index *Index
	// Options are the parameters of each module.
	Options map[string]string
	// Blacklist holds modules that are not loaded for an alias, only by their own name.
	Blacklist map[string]bool
	// Insert puts a module file into the kernel; a module that is there already is no error.
	Insert func(path, options string) error

	mu      sync.Mutex
	results map[string]func() error
}

// NewLoader makes a loader for the running kernel's modules below root. The kernel command line gives options
// (`module.key=value`) and `modprobe.blacklist`.
func NewLoader(root, commandLine string) (*Loader, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return nil, fmt.Errorf("asking for the kernel's release: %w", err)
	}
	index, err := ReadIndex(filepath.Join(root, "usr/lib/modules", unix.ByteSliceToString(uts.Release[:])))
	if err != nil {
		return nil, err
	}
	options, blacklist := settings(commandLine)
	return &Loader{Index: index, Options: options, Blacklist: blacklist, Insert: insert}, nil
}

func settings(commandLine string) (options map[string]string, blacklist map[string]bool) {
	options, blacklist = map[string]string{}, map[string]bool{}
	for _, param := range cmdline.Parse(commandLine) {
		module, key, found := strings.Cut(param.Name, ".")
		switch {
		case !found:
		case param.Name == "modprobe.blacklist" || param.Name == "module_blacklist":
			for _, name := range strings.Split(param.Value, ",") {
				blacklist[normal(name)] = true
			}
		case module != "rancher":
			option := key
			if param.HasValue {
				option += "=" + param.Value
			}
			name := normal(module)
			options[name] = strings.TrimSpace(options[name] + " " + option)
		}
	}
	return options, blacklist
}

// Load loads what a name or an alias stands for. Several modules may fit an alias; it is enough that one of them loads.
func (l *Loader) Load(request string) error {
	names, builtin := l.Index.Resolve(request)
	if builtin {
		return nil
	}
	var failures []error
	loaded := 0
	for _, name := range names {
		if name != normal(request) && l.Blacklist[name] {
			continue
		}
		if err := l.module(name); err != nil {
			failures = append(failures, err)
			continue
		}
		loaded++
	}
	switch {
	case loaded > 0:
		return nil
	case len(failures) > 0:
		return errors.Join(failures...)
	}
	return fmt.Errorf("%s: %w in %s", request, ErrNotFound, l.Index.Dir)
}

// module loads one module after what it needs. Whoever comes second waits for the first.
func (l *Loader) module(name string) error {
	l.mu.Lock()
	if l.results == nil {
		l.results = map[string]func() error{}
	}
	result, found := l.results[name]
	if !found {
		result = sync.OnceValue(func() error { return l.insertWithNeeds(name) })
		l.results[name] = result
	}
	l.mu.Unlock()
	return result()
}

func (l *Loader) insertWithNeeds(name string) error {
	module, found := l.Index.modules[name]
	if !found {
		if l.Index.builtin[name] {
			return nil
		}
		return fmt.Errorf("%s: %w in %s", name, ErrNotFound, l.Index.Dir)
	}
	// A soft dependency helps the module; it works without.
	for _, soft := range l.Index.softPre[name] {
		if names, _ := l.Index.Resolve(soft); len(names) > 0 && !l.Index.waitsFor(names[0], module) {
			_ = l.module(names[0])
		}
	}
	for _, need := range module.Needs {
		if err := l.module(moduleName(need)); err != nil {
			return fmt.Errorf("module %s: %w", name, err)
		}
	}
	if err := l.Insert(filepath.Join(l.Index.Dir, module.Path), l.Options[name]); err != nil {
		return fmt.Errorf("module %s: %w", name, err)
	}
	return nil
}

// waitsFor says whether loading name would load module, so that module can not wait for name.
func (x *Index) waitsFor(name string, module Module) bool {
	return name == module.Name || len(x.softPre[name]) > 0 || slices.Contains(x.modules[name].Needs, module.Path)
}

// moduleCompressed is MODULE_INIT_COMPRESSED_FILE (linux/module.h, since 5.17).
const moduleCompressed = 4

func insert(path, options string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	flags := 0
	if !strings.HasSuffix(path, ".ko") {
		flags = moduleCompressed
	}
	if err := unix.FinitModule(int(file.Fd()), options, flags); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("finit_module %s: %w", path, err)
	}
	return nil
}
