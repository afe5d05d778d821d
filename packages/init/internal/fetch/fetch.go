// Package fetch asks servers over HTTP of which it expects nothing good.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

const (
	// maxRedirects is how often a web server may send a request elsewhere; a metadata service may not at all.
	maxRedirects = 5
	longestPause = 2 * time.Second
	headerLimit  = 64 << 10
)

// ErrAbsent says that the server has no such thing.
var ErrAbsent = errors.New("not there")

// ErrRefused marks what another try would not change.
var ErrRefused = errors.New("refused")

// Question is one request. Metadata services are asked without a proxy and may not redirect; web servers (Web) may.
type Question struct {
	Method string
	URL    string
	Header map[string]string
	// Limit is the longest body, in bytes.
	Limit int64
	Web   bool
}

// Fetcher asks servers of which it expects nothing good: each request has a deadline that covers the whole body, bodies and
// headers have limits, and a failure is tried again only until the context ends.
type Fetcher struct {
	// Request bounds one try; Pause is the first wait between two, doubled each time. Tries bounds how many there are; 0
	// leaves that to the context.
	Request, Pause time.Duration
	Tries          int
}

// Do gives the body and the header of the answer. The error is ErrAbsent when the server says that there is no such thing.
func (f Fetcher) Do(ctx context.Context, q Question) ([]byte, http.Header, error) {
	target, err := url.Parse(q.URL)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return nil, nil, fmt.Errorf("%q is no http or https address: %w", q.URL, ErrRefused)
	}
	pause := f.Pause
	for try := 1; ; try++ {
		body, header, err := f.try(ctx, q)
		if err == nil || try == f.Tries || errors.Is(err, ErrAbsent) || errors.Is(err, ErrRefused) {
			return body, header, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, err
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func (f Fetcher) try(ctx context.Context, q Question) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Request)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, q.Method, q.URL, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", err, ErrRefused)
	}
	for name, value := range q.Header {
		request.Header.Set(name, value)
	}
	client, done := newClient(q.Web)
	defer done()
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if err := status(q, response.StatusCode); err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, q.Limit+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the answer of %s: %w", q.URL, err)
	}
	if int64(len(body)) > q.Limit {
		return nil, nil, fmt.Errorf("%s sends more than %d bytes: %w", q.URL, q.Limit, ErrRefused)
	}
	return body, response.Header, nil
}

func status(q Question, code int) error {
	switch {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNoContent || code == http.StatusNotFound || code == http.StatusGone:
		return ErrAbsent
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return fmt.Errorf("%s answers with status %d", q.URL, code)
	default:
		return fmt.Errorf("%s answers with status %d: %w", q.URL, code, ErrRefused)
	}
}

// newClient makes a client for one request. Nothing is shared between requests: there are few, and no connection stays.
func newClient(web bool) (*http.Client, func()) {
	guard := &guard{}
	dialer := net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error { return guard.dial(address) }}
	transport := &http.Transport{
		DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: headerLimit,
	}
	if web {
		transport.Proxy = http.ProxyFromEnvironment
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		switch {
		case !web:
			return http.ErrUseLastResponse
		case len(before) > maxRedirects:
			return fmt.Errorf("more than %d redirects: %w", maxRedirects, ErrRefused)
		case next.URL.Scheme != "https" && (next.URL.Scheme != "http" || before[0].URL.Scheme == "https"):
			return fmt.Errorf("a redirect from %s to %s: %w", before[0].URL.Scheme, next.URL.Scheme, ErrRefused)
		}
		guard.redirect()
		return nil
	}}
	return client, transport.CloseIdleConnections
}

// guard keeps a server on the internet from sending a request on to what only this machine or its network can reach, such
// as the metadata service of its cloud.
type guard struct {
	lock       sync.Mutex
	redirected bool
	// fromInside tells that the first server was such a one itself.
	fromInside bool
}

func (g *guard) redirect() {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.redirected = true
}

func (g *guard) dial(address string) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", address, err, ErrRefused)
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	inside := isInside(target.Addr())
	if !g.redirected {
		g.fromInside = g.fromInside || inside
		return nil
	}
	if inside && !g.fromInside {
		return fmt.Errorf("a redirect to %s, which is not on the internet: %w", target.Addr(), ErrRefused)
	}
	return nil
}

func isInside(address netip.Addr) bool {
	address = address.Unmap()
	return address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsPrivate() || address.IsUnspecified()
}
