package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rancheros-kit/init/internal/engine"

	"github.com/docker/docker/client"
)

// PreloadFolders are those of RancherOS 1 and 0.4, whose tarballs go into one of the two daemons.
var (
	PreloadSystem = []string{"/var/lib/rancher/preload/system-docker", "/var/lib/system-docker/preload"}
	PreloadUser   = []string{"/var/lib/rancher/preload/docker", "/var/lib/docker/preload"}
)

// doneSuffix is the end of the name of the file that says that a tarball was loaded.
const doneSuffix = ".done"

// Preload loads every tarball of the folders that has not been loaded since it was changed, and remembers it by a file beside
// it. Plain tarballs and those packed with gzip or xz are known. It gives the tarballs that were loaded.
func Preload(ctx context.Context, docker *client.Client, root string, folders []string) (loaded []string, err error) {
	var problems []error
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			problems = append(problems, err)
		}
		for _, entry := range entries {
			path := filepath.Join(root, folder, entry.Name())
			done, err := preload(ctx, docker, path)
			if err != nil {
				problems = append(problems, fmt.Errorf("preloading %s: %w", path, err))
			}
			if done {
				loaded = append(loaded, path)
			}
		}
	}
	return loaded, errors.Join(problems...)
}

// packed are the ends of names of tarballs that docker can not unpack without another program.
var packed = []string{".xz", ".txz"}

func preload(ctx context.Context, docker *client.Client, path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(path, doneSuffix) || strings.HasPrefix(filepath.Base(path), ".") {
		return false, err
	}
	if stamp, err := os.Stat(path + doneSuffix); err == nil && !info.ModTime().After(stamp.ModTime()) {
		return false, nil
	}
	if err := LoadFile(ctx, docker, path); err != nil {
		return false, err
	}
	return true, os.WriteFile(path+doneSuffix, nil, 0o644)
}

// LoadFile loads a tarball, plain or packed with gzip or xz; xz goes through busybox.
func LoadFile(ctx context.Context, docker *client.Client, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var input io.Reader = file
	if slices.Contains(packed, filepath.Ext(path)) {
		unpack := exec.CommandContext(ctx, "busybox", "xzcat")
		unpack.Stdin = file
		output, err := unpack.StdoutPipe()
		if err != nil {
			return err
		}
		if err := unpack.Start(); err != nil {
			return err
		}
		defer func() { _ = unpack.Wait() }()
		defer output.Close()
		input = output
	}
	response, err := docker.ImageLoad(ctx, input, client.ImageLoadWithQuiet(true))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return engine.Messages(response.Body, nil)
}
