package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestIsRelease(t *testing.T) {
	for named, want := range map[string]bool{
		"rancher/os:v1": false, "https://x/y.tar": true, "http://x/y.tar#sha256:00": true, "/tmp/x.tar": true, "./x.tar": true, "host:5000/os:v1": false,
	} {
		if got := isRelease(named); got != want {
			t.Errorf("%s: %v", named, got)
		}
	}
}

func TestDownload(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/os.tar" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("content"))
	}))
	defer server.Close()
	sum := sha256.Sum256([]byte("content"))
	pin := hex.EncodeToString(sum[:])
	var told bytes.Buffer
	s := &session{stdout: &told, stderr: &told, root: t.TempDir()}
	path, err := s.download(context.Background(), server.URL+"/os.tar", pin)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); string(content) != "content" || err != nil {
		t.Errorf("%s, %v", content, err)
	}
	if err := checkPin(path, pin); err != nil {
		t.Error(err)
	}
	if err := checkPin(path, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "has SHA-256 "+pin) {
		t.Errorf("error %v", err)
	}
	_ = os.Remove(path)
	for location, want := range map[string]string{"/os.tar": "has SHA-256", "/none": "404 Not Found"} {
		if _, err := s.download(context.Background(), server.URL+location, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", location, err)
		}
	}
	if _, err := s.download(context.Background(), server.URL+"/os.tar", ""); err == nil || !strings.Contains(err.Error(), "the digest has to be given") {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(s.root + releaseDir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
