package cloudinit

import (
	"bytes"
	"compress/gzip"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hasty are the limits with which the tests below run into deadlines.
var hasty = Limits{Source: 300 * time.Millisecond, Request: 100 * time.Millisecond, Pause: time.Millisecond, Network: time.Millisecond}

// mustFail asks a source of every kind that has a server; each must end by itself, with an error and without an answer.
func mustFail(t *testing.T, limits Limits, base, message string, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		sources, err := configured([]string{kind + ":" + base}, "")
		if err != nil {
			t.Fatal(err)
		}
		source, found, err := (&asker{limits: limits, guest: noGuest{}}).first(context.Background(), sources)
		if source != nil || !found.empty() || err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, %+v, error %v, want %q", kind, source, found, err, message)
		}
	}
}

var serverKinds = []string{"url", "ec2", "gce", "digitalocean", "packet", "openstack"}

func TestServerThatNeverAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
		}
	}()
	mustFail(t, hasty, "http://"+listener.Addr().String(), "deadline exceeded", serverKinds...)
}

func TestNoServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	mustFail(t, hasty, "http://"+address, address, serverKinds...)
}

func TestServerThatDrips(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}))
	defer server.Close()
	mustFail(t, hasty, server.URL, "deadline exceeded", serverKinds...)
}

func TestEndlessBody(t *testing.T) {
	block := bytes.Repeat([]byte("x"), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write(block)
		}
	}))
	defer server.Close()
	mustFail(t, quick, server.URL, "sends more than 16777216 bytes", "url")
	// EC2 goes on without a token when that is refused, and then meets the same with the list.
	mustFail(t, quick, server.URL, "sends more than 1048576 bytes", "ec2", "gce", "digitalocean", "packet", "openstack")
}

func TestRedirects(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }))
	defer server.Close()
	mustFail(t, quick, server.URL, "more than 5 redirects", "url")
	mustFail(t, quick, server.URL, "status 302", "ec2", "gce", "digitalocean", "packet", "openstack")
	for target, message := range map[string]string{"file:///etc/passwd": "a redirect from http to file", "gopher://x/": "a redirect from http to gopher"} {
		server := httptest.NewServer(http.RedirectHandler(target, http.StatusFound))
		mustFail(t, quick, server.URL, message, "url")
		server.Close()
	}
	end := cloud(t, map[string]string{"/end": userData}, nil)
	once := httptest.NewServer(http.RedirectHandler(end+"/end", http.StatusMovedPermanently))
	defer once.Close()
	if found, err := query(t, "url:"+once.URL); err != nil || string(found.userData) != userData {
		t.Errorf("after one redirect: %q, %v", found.userData, err)
	}
}

func TestRefusals(t *testing.T) {
	for argument, message := range map[string]string{
		"":                   "is no http or https address",
		"/etc/passwd":        "is no http or https address",
		"file:///etc/passwd": "is no http or https address",
		"http://":            "is no http or https address",
		"http://[::1":        "is no http or https address",
	} {
		mustFail(t, quick, argument, message, "url")
	}
	for code, message := range map[int]string{http.StatusUnauthorized: "status 401", http.StatusNotFound: "not there", http.StatusNoContent: "not there"} {
		mustFail(t, quick, cloud(t, nil, func(http.ResponseWriter, *http.Request) int { return code }), message, "url", "openstack")
	}
}

// A server that is not ready yet is asked again.
func TestTriesAgain(t *testing.T) {
	var asked atomic.Int32
	address := cloud(t, map[string]string{"/": userData}, func(http.ResponseWriter, *http.Request) int {
		if asked.Add(1) < 4 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	if found, err := query(t, "url:"+address+"/"); err != nil || string(found.userData) != userData || asked.Load() != 4 {
		t.Errorf("%q, %v after %d", found.userData, err, asked.Load())
	}
}

// A data source that does not care for its deadline, or panics, keeps nobody waiting.
func TestSourceThatHangsOrPanics(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	list := []source{
		{name: "stuck", kind: kind{ask: func(context.Context, *asker, string) (answer, error) { <-stuck; return answer{}, nil }}},
		{name: "panics", kind: kind{ask: func(context.Context, *asker, string) (answer, error) { panic("oh") }}},
		{name: "good", kind: kind{ask: func(context.Context, *asker, string) (answer, error) { return answer{userData: []byte("x")}, nil }}},
	}
	source, _, err := (&asker{limits: hasty}).first(context.Background(), list)
	if source == nil || source.name != "good" || err == nil || !strings.Contains(err.Error(), "stuck: no end after") || !strings.Contains(err.Error(), "panics: the data source failed: oh") {
		t.Errorf("%v, %v", source, err)
	}
}

func TestGzipBomb(t *testing.T) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	block := make([]byte, 1<<20)
	for range 17 {
		if _, err := writer.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := classify(packed.Bytes()); err == nil || !strings.Contains(err.Error(), "more than 16777216 bytes when unpacked") {
		t.Errorf("error %v", err)
	}
}
