package imagestore

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// store writes a data root with two layers, one on the other, and an image of both.
func store(t *testing.T, names string) string {
	t.Helper()
	root := t.TempDir()
	lower := map[string]string{"diff/bin/tool": "tool", "link": "LOWERLINK", "committed": ""}
	upper := map[string]string{"diff/etc/conf": "conf", "link": "UPPERLINK", "lower": "l/LOWERLINK", "work/": ""}
	write(t, root, "overlay2/c-lower", lower)
	write(t, root, "overlay2/c-upper", upper)
	write(t, root, layerDir+"/lower", map[string]string{
		"cache-id": "c-lower", "diff": "sha256:1", "size": "4", "tar-split.json.gz": "x"})
	write(t, root, layerDir+"/upper", map[string]string{
		"cache-id": "c-upper", "diff": "sha256:2", "size": "4", "tar-split.json.gz": "x", "parent": "sha256:lower"})
	write(t, root, imageDir, map[string]string{"image1": "{}"})
	write(t, root, filepath.Dir(namesFile), map[string]string{"repositories.json": names})
	link(t, filepath.Join(root, "overlay2/c-lower/diff/bin/tool"), filepath.Join(root, "overlay2/c-lower/diff/bin/same"))
	return root
}

const names = `{"Repositories":{"rancher/os-a":{"rancher/os-a:v1":"sha256:image1"}}}`

func write(t *testing.T, root, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, old, fresh string) {
	t.Helper()
	if err := os.Link(old, fresh); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// installed installs and expects so many layers to be copied.
func installed(t *testing.T, options Options, layers int) []string {
	t.Helper()
	copied, err := Install(options)
	if err != nil {
		t.Fatal(err)
	}
	if len(copied) != layers {
		t.Fatalf("copied %v, want %d layers", copied, layers)
	}
	return copied
}

func commit(t *testing.T, directories []string) {
	t.Helper()
	if err := Commit(directories); err != nil {
		t.Fatal(err)
	}
}

func TestInstallIntoEmpty(t *testing.T) {
	source, target := store(t, names), filepath.Join(t.TempDir(), "data")
	options := Options{Source: source, Target: target}
	copied := installed(t, options, 2)
	if text := read(t, target, "overlay2/l/UPPERLINK/etc/conf"); text != "conf" {
		t.Errorf("through the link: %q", text)
	}
	info, err := os.Stat(filepath.Join(target, "overlay2/c-lower/diff/bin/same"))
	if err != nil || info.Sys().(*syscall.Stat_t).Nlink != 2 {
		t.Errorf("a file with two names became two: %v", err)
	}
	if text := read(t, target, namesFile); text != names {
		t.Errorf("names %s", text)
	}
	// Not committed: the power may have failed.
	installed(t, options, 2)
	commit(t, copied)
	installed(t, options, 0)
	installed(t, Options{Source: source, Target: target, Always: true}, 2)
}

func TestInstallRepairs(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, target string) int{
		"layer removed by docker": func(t *testing.T, target string) int {
			remove(t, target, layerDir+"/upper")
			remove(t, target, "overlay2/c-upper")
			return 1
		},
		"empty metadata": func(t *testing.T, target string) int {
			write(t, target, layerDir+"/lower", map[string]string{"size": ""})
			return 1
		},
		"files gone": func(t *testing.T, target string) int { remove(t, target, "overlay2/c-upper/diff"); return 1 },
		"link gone":  func(t *testing.T, target string) int { remove(t, target, "overlay2/l/LOWERLINK"); return 1 },
		"interrupted before": func(t *testing.T, target string) int {
			write(t, target, "overlay2/c-upper"+unfinished, map[string]string{"diff/x": "x"})
			write(t, target, layerDir+"/upper"+unfinished, map[string]string{"size": ""})
			write(t, target, "overlay2/l", map[string]string{"UPPERLINK" + unfinished: ""})
			write(t, target, imageDir, map[string]string{"image1" + unfinished: ""})
			return 0
		},
		"image emptied": func(t *testing.T, target string) int {
			write(t, target, imageDir, map[string]string{"image1": ""})
			return 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := Options{Source: store(t, names), Target: t.TempDir()}
			commit(t, installed(t, options, 2))
			copied := installed(t, options, damage(t, options.Target))
			commit(t, copied)
			installed(t, options, 0)
			if text := read(t, options.Target, "overlay2/l/UPPERLINK/etc/conf") + read(t, options.Target, "overlay2/l/LOWERLINK/bin/tool"); text != "conftool" {
				t.Errorf("content %q", text)
			}
			if text := read(t, options.Target, imageDir, "image1"); text != "{}" {
				t.Errorf("image %q", text)
			}
			for _, dir := range []string{"overlay2", "overlay2/l", layerDir, imageDir} {
				left, _ := filepath.Glob(filepath.Join(options.Target, dir, "*"+unfinished))
				if len(left) > 0 {
					t.Errorf("left over: %v", left)
				}
			}
		})
	}
}

func remove(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(parts...)); err != nil {
		t.Fatal(err)
	}
}

func TestInstallOnLayerOfDocker(t *testing.T) {
	target := t.TempDir()
	write(t, target, layerDir+"/lower", map[string]string{
		"cache-id": "drawn", "diff": "sha256:1", "size": "4", "tar-split.json.gz": "x"})
	write(t, target, "overlay2/drawn", map[string]string{"diff/bin/tool": "tool", "link": "DRAWN"})
	write(t, target, "overlay2/l", map[string]string{})
	if err := os.MkdirAll(filepath.Join(target, "overlay2/l"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../drawn/diff", filepath.Join(target, "overlay2/l/DRAWN")); err != nil {
		t.Fatal(err)
	}
	installed(t, Options{Source: store(t, names), Target: target}, 1)
	if lower := read(t, target, "overlay2/c-upper/lower"); lower != "l/DRAWN" {
		t.Errorf("lower %q, want docker's own layer", lower)
	}
	if _, err := os.Stat(filepath.Join(target, "overlay2/drawn", committedFile)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(target, "overlay2/c-lower")); err == nil {
		t.Error("a layer that docker has was copied")
	}
}

func TestInstallMoves(t *testing.T) {
	source, target := store(t, names), t.TempDir()
	installed(t, Options{Source: source, Target: target, Move: true}, 2)
	if _, err := os.Stat(filepath.Join(source, "overlay2/c-lower/diff/bin/tool")); err == nil {
		t.Error("the source still has the file")
	}
	if text := read(t, target, "overlay2/c-lower/diff/bin/same"); text != "tool" {
		t.Errorf("content %q", text)
	}
}

func TestNames(t *testing.T) {
	for name, test := range map[string]struct{ have, want, problem string }{
		"others stay": {
			`{"Repositories":{"mine":{"mine:latest":"sha256:m"},"rancher/os-a":{"rancher/os-a:v0":"sha256:old"}}}`,
			`{"Repositories":{"mine":{"mine:latest":"sha256:m"},"rancher/os-a":{"rancher/os-a:v0":"sha256:old","rancher/os-a:v1":"sha256:image1"}}}`, ""},
		"ours is renewed": {`{"Repositories":{"rancher/os-a":{"rancher/os-a:v1":"sha256:old"}}}`, names, ""},
		"null":            {`{"Repositories":null}`, names, ""},
		"damaged":         {`{"Repo`, names, "repositories.json.damaged"},
		"empty":           {``, names, "repositories.json.damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			source, target := store(t, names), t.TempDir()
			write(t, target, filepath.Dir(namesFile), map[string]string{"repositories.json": test.have})
			var problem string
			err := mergeNames(filepath.Join(source, namesFile), filepath.Join(target, namesFile), func(damage error) { problem += damage.Error() })
			if err != nil {
				t.Fatal(err)
			}
			if (problem == "") != (test.problem == "") || !strings.Contains(problem, test.problem) {
				t.Errorf("told %q, want %q", problem, test.problem)
			}
			if text := read(t, target, namesFile); text != test.want {
				t.Errorf("names %s, want %s", text, test.want)
			}
		})
	}
}

func TestNothingToInstall(t *testing.T) {
	target := filepath.Join(t.TempDir(), "data")
	installed(t, Options{Source: t.TempDir(), Target: target}, 0)
	if _, err := os.Stat(target); err == nil {
		t.Error("the target was made for nothing")
	}
}

func TestLayersWithoutEnd(t *testing.T) {
	source := store(t, names)
	write(t, source, layerDir+"/lower", map[string]string{"parent": "sha256:upper"})
	if _, err := Install(Options{Source: source, Target: t.TempDir()}); err == nil {
		t.Error("layers that stand on one another in a circle were accepted")
	}
	write(t, source, layerDir+"/lower", map[string]string{"cache-id": "../../etc"})
	if _, err := Install(Options{Source: source, Target: t.TempDir()}); err == nil {
		t.Error("a cache id that leaves the data root was accepted")
	}
}
