package servicefile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/fetch"
)

const hello = "hello: {image: 'x/hello:${VERSION}', command: 'echo $$HOME', labels: {a: $UNSET}}\n"

func source(t *testing.T, repository string) Source {
	t.Helper()
	return Source{
		Root: t.TempDir(), Repositories: map[string]config.Repository{"core": {URL: repository}, "empty": {}}, Variables: map[string]string{"VERSION": "v1"},
		Network: true, Fetcher: fetch.Fetcher{Request: 5 * time.Second, Pause: time.Millisecond, Tries: 2},
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// repository serves files and counts how often it is asked.
func repository(t *testing.T, files map[string]string) (address string, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		content, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, content)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestLoadFromEverywhere(t *testing.T) {
	address, asked := repository(t, map[string]string{"/h/hello.yml": hello, "/x.yml": hello})
	s := source(t, address)
	put(t, filepath.Join(s.Root, "/var/lib/rancher/conf/mine.yml"), hello)
	pin := fmt.Sprintf("#sha256:%x", sha256.Sum256([]byte(hello)))
	for _, name := range []string{"hello", address + "/x.yml", "/var/lib/rancher/conf/mine.yml", "hello" + pin} {
		services, warnings, err := s.Load(context.Background(), name)
		got := services["hello"]
		if err != nil || len(warnings) > 0 || got.Image != "x/hello:v1" || !slices.Equal(got.Command, []string{"echo", "$HOME"}) || got.Labels["a"] != "" {
			t.Errorf("%s: %+v, %v, %v", name, services, warnings, err)
		}
	}
	before := *asked
	s.Network = false
	for _, name := range []string{"hello", address + "/x.yml"} {
		if _, _, err := s.Load(context.Background(), name); err != nil {
			t.Errorf("%s without the network: %v", name, err)
		}
	}
	if *asked != before {
		t.Error("what is kept was fetched again")
	}
	if _, _, err := s.Load(context.Background(), "other"); !errors.Is(err, ErrNeedsNetwork) {
		t.Errorf("other without the network: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	address, _ := repository(t, map[string]string{"/h/hello.yml": hello, "/l/list.yml": "- a", "/b/broken.yml": "a: ["})
	s := source(t, address)
	wrong := "hello#sha256:" + strings.Repeat("0", 64)
	for name, message := range map[string]string{
		"../../etc/passwd": "no path, no address and no name", "": "no path", "a/b": "no path", "absent": "not there", "list": "want a map", "broken": "not YAML",
		wrong: "has the SHA-256", "hello#md5:1": "want sha256: and 64", "/absent": "no such file", "ftp://x/y": "no path, no address",
	} {
		if _, _, err := s.Load(context.Background(), name); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, want %q", name, err, message)
		}
	}
	// What does not have the digest is not kept either.
	s.Network = false
	if _, _, err := s.Load(context.Background(), wrong); err == nil {
		t.Error("a file with another digest was kept")
	}
	if _, _, err := (Source{Root: t.TempDir()}).Load(context.Background(), "hello"); err == nil || !strings.Contains(err.Error(), "no repository is configured") {
		t.Errorf("without a repository: %v", err)
	}
}

func TestServices(t *testing.T) {
	s := source(t, "/repository")
	put(t, filepath.Join(s.Root, "repository/h/hello.yml"), hello)
	put(t, filepath.Join(s.Root, "repository/o/other.yml"), "console: {image: x/other}\nrest: {image: y}\n")
	put(t, filepath.Join(s.Root, "repository/index.yml"), "services: [hello]\nconsoles: [other]\n")
	cfg := &config.Config{}
	cfg.Rancher.Services = map[string]config.Service{"console": {Image: "own"}, "docker": {Image: "own"}}
	cfg.Rancher.ServicesInclude = map[string]bool{"hello": true, "off": false, "absent": true}
	cfg.Rancher.Console, cfg.Rancher.Docker.Engine = "other", "hello"
	got := s.Services(context.Background(), cfg)
	if got.Services["console"].Image != "x/other" || got.Services["console"].Labels[SourceLabel] != "other" || got.Services["hello"].Image == "" || got.Services["docker"].Image != "own" {
		t.Errorf("services %+v", got.Services)
	}
	if _, there := got.Services["rest"]; there {
		t.Error("a console's file brought more than the console")
	}
	if len(got.Problems) != 2 || !strings.Contains(errors.Join(got.Problems...).Error(), "hello has no service docker") {
		t.Errorf("problems %v", got.Problems)
	}
	s.HasImage = func(string) bool { return false }
	if got := s.Services(context.Background(), cfg); got.Services["console"].Image != "own" {
		t.Error("a console without its image took the place of the one on board")
	}
	index, err := s.Indexes(context.Background())
	if err != nil || !slices.Equal(index.Services, []string{"hello"}) || !slices.Equal(index.Consoles, []string{"other"}) {
		t.Errorf("index %+v, %v", index, err)
	}
}
