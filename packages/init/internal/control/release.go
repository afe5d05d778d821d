package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rancheros-kit/init/internal/images"

	"github.com/docker/docker/client"
)

const (
	// releaseDir keeps a tarball while it is loaded.
	releaseDir = "/var/lib/rancher/cache"
	// releaseLimit bounds a download: no installer is larger.
	releaseLimit = 4 << 30
	releaseTime  = 2 * time.Hour
)

// release is an installer image that is named by a tarball: a file, or an address, with `#sha256:<hex>` behind it when its digest is known.
func (s *session) release(ctx context.Context, docker *client.Client, named string) (image string, err error) {
	location, pin, _ := strings.Cut(named, "#sha256:")
	path := location
	if isWeb(location) {
		if path, err = s.download(ctx, location, pin); err != nil {
			return "", err
		}
		defer os.Remove(path)
	} else if err := checkPin(path, pin); err != nil {
		return "", err
	}
	names, err := images.Names(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", location, err)
	}
	if len(names) != 1 {
		return "", fmt.Errorf("%s has %d named images, an installer is one", location, len(names))
	}
	s.say("loading %s", location)
	return names[0], images.LoadFile(ctx, docker, path)
}

// isRelease tells a tarball from the name of an image.
func isRelease(named string) bool {
	return isWeb(named) || filepath.IsAbs(named) || strings.HasPrefix(named, "./") || strings.HasPrefix(named, "../")
}

func isWeb(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
}

func checkPin(path, pin string) error {
	if pin == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return err
	}
	return samePin(path, digest.Sum(nil), pin)
}

func samePin(location string, sum []byte, pin string) error {
	if got := hex.EncodeToString(sum); pin != "" && got != pin {
		return fmt.Errorf("%s has SHA-256 %s and not %s", location, got, pin)
	}
	return nil
}

// download puts a tarball into a file, which the caller removes.
func (s *session) download(ctx context.Context, location, pin string) (path string, err error) {
	if pin == "" && strings.HasPrefix(location, "http://") {
		return "", fmt.Errorf("%s: over http the digest has to be given: %s#sha256:<hex>", location, location)
	}
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return "", err
	}
	s.say("downloading %s", location)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", location, answer.Status)
	}
	folder := filepath.Join(s.root, releaseDir)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(folder, "release-*.tar")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, digest), io.LimitReader(answer.Body, releaseLimit+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("downloading %s: %w", location, err)
	case size > releaseLimit:
		return "", fmt.Errorf("%s is larger than %d bytes", location, int64(releaseLimit))
	}
	return file.Name(), samePin(location, digest.Sum(nil), pin)
}
