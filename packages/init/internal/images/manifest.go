// Package images loads the service images that came with the system into system docker.
package images

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
)

// entry is one image of manifest.json in a docker-save tarball.
type entry struct {
	Config   string
	RepoTags []string
}

// manifestLimit is far above the manifest of any tarball of images.
const manifestLimit = 4 << 20

// readManifest reads a docker-save tarball as far as its manifest.json, which our tarballs begin with.
func readManifest(tarball io.Reader) ([]entry, error) {
	reader := tar.NewReader(tarball)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no manifest.json in it")
		}
		if err != nil {
			return nil, err
		}
		if path.Clean(header.Name) != "manifest.json" {
			continue
		}
		if header.Size > manifestLimit {
			return nil, fmt.Errorf("manifest.json has %d bytes, limit %d", header.Size, manifestLimit)
		}
		var entries []entry
		if err := json.NewDecoder(reader).Decode(&entries); err != nil {
			return nil, fmt.Errorf("reading manifest.json: %w", err)
		}
		return entries, nil
	}
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// id is the image's id: the digest that its configuration file is named after.
func (e entry) id() (string, error) {
	name := strings.TrimSuffix(path.Base(e.Config), ".json")
	if !digest.MatchString(name) {
		return "", fmt.Errorf("configuration %q is not named after its SHA-256", e.Config)
	}
	return "sha256:" + name, nil
}

// Names are the names of the images in a tarball, plain or packed with gzip.
func Names(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	input := bufio.NewReader(file)
	var tarball io.Reader = input
	if magic, _ := input.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if tarball, err = gzip.NewReader(input); err != nil {
			return nil, err
		}
	}
	entries, err := readManifest(tarball)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.RepoTags...)
	}
	return names, nil
}
