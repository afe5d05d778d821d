package cloudinit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rancheros-kit/init/internal/fetch"
)

// maxValue bounds one answer of a metadata service.
const maxValue = 1 << 20

// service is the metadata service of a cloud.
type service struct {
	fetch.Fetcher
	// base ends with a slash.
	base   string
	header map[string]string
}

func (a *asker) service(base, fallback string, header map[string]string) service {
	if base == "" {
		base = fallback
	}
	return service{a.fetcher(), strings.TrimRight(base, "/") + "/", header}
}

// must gives a value; errAbsent when the service has none.
func (s service) must(ctx context.Context, path string) ([]byte, http.Header, error) {
	return s.Do(ctx, fetch.Question{Method: "GET", URL: s.base + path, Header: s.header, Limit: maxValue})
}

// may gives a value that need not be there, nil then.
func (s service) may(ctx context.Context, path string) ([]byte, error) {
	value, _, err := s.must(ctx, path)
	if errors.Is(err, errAbsent) {
		return nil, nil
	}
	return value, err
}

// texts fills in values of one line each, by their paths.
func (s service) texts(ctx context.Context, targets map[string]*string) error {
	for path, target := range targets {
		value, err := s.may(ctx, path)
		if err != nil {
			return err
		}
		*target = strings.TrimSpace(string(value))
	}
	return nil
}

// document reads a JSON document that must be there.
func (s service) document(ctx context.Context, path string, into any) error {
	text, _, err := s.must(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s%s left out: %w", s.base, path, err)
	}
	return nil
}

// userData gives the user-data: nil when there is none or it is empty.
func (s service) userData(ctx context.Context, path string) ([]byte, error) {
	content, _, err := s.Do(ctx, fetch.Question{Method: "GET", URL: s.base + path, Header: s.header, Limit: limit})
	if errors.Is(err, errAbsent) || len(content) == 0 {
		return nil, nilIf(err, errAbsent)
	}
	return content, err
}

func nilIf(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}

// numbered names keys by their place in a list, so that they sort in its order.
func numbered(keys []string) map[string]string {
	if len(keys) == 0 {
		return nil
	}
	named := map[string]string{}
	for at, key := range keys {
		named[fmt.Sprintf("%03d", at)] = key
	}
	return named
}
