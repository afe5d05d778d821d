// Package imagestore brings the images that came with the system into system docker's data root before docker starts.
// The build lays them out as docker itself keeps them (storage driver overlay2), so nothing has to be loaded.
package imagestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/copytree"
)

// DataRoot is system docker's data root, and where the initramfs has the images.
const DataRoot = "/var/lib/system-docker"

// Places in a data root.
const (
	layerDir      = "image/overlay2/layerdb/sha256"
	imageDir      = "image/overlay2/imagedb/content/sha256"
	namesFile     = "image/overlay2/repositories.json"
	overlayDir    = "overlay2"
	linkDir       = "overlay2/l"
	committedFile = "committed"
	// completeFile in a layer's directory says that the layer came from here and is on the disk as a whole. docker removes it
	// together with the layer.
	completeFile = "rancheros-complete"
	// unfinished is the end of the name of what is being copied.
	unfinished = ".ros-new"
)

// frame are the directories that dockerd would make, with its modes.
var frame = []struct {
	path string
	mode os.FileMode
}{
	{"", 0o710}, {"image", 0o700}, {"image/overlay2", 0o700}, {"image/overlay2/imagedb", 0o700},
	{"image/overlay2/imagedb/content", 0o700}, {imageDir, 0o700}, {"image/overlay2/layerdb", 0o700}, {layerDir, 0o755},
	{overlayDir, 0o710}, {linkDir, 0o700},
}

// Options of an installation.
type Options struct {
	// Source and Target are data roots.
	Source, Target string
	// Always copies layers that an earlier call has copied once more.
	Always bool
	// Move deletes the files of the source as they are copied, because both are in memory.
	Move bool
	// Warn is told of damage in the target that was put right. It may be nil only where the target is new.
	Warn func(error)
}

// Install puts what the source has and the target lacks into the target: layers, images, and the images' names, which go
// to the images of the source. Everything else in the target stays. No daemon may run on the target.
//
// It gives the directories of the layers that were copied. When the target is on a disk, Commit must be called with them
// once they may be written out: until then they count as damaged, and the next call copies them again.
func Install(options Options) (copied []string, err error) {
	layers, err := readLayers(options.Source)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := prepare(options.Target); err != nil {
		return nil, err
	}
	copier := &copytree.Copier{Move: options.Move}
	for _, layer := range layers {
		if present(options.Target, layer, options.Always) {
			continue
		}
		if err := install(options, layer, copier); err != nil {
			return copied, fmt.Errorf("installing image layer %s: %w", layer.chain, err)
		}
		copied = append(copied, filepath.Join(options.Target, overlayDir, layer.cacheID))
	}
	if err := installImages(options); err != nil {
		return copied, err
	}
	return copied, mergeNames(filepath.Join(options.Source, namesFile), filepath.Join(options.Target, namesFile), options.Warn)
}

// Commit marks layers as complete. Everything that Install has written must be on the disk by now.
func Commit(directories []string) error {
	var failures []error
	for _, directory := range directories {
		// docker may have removed the layer since.
		err := os.WriteFile(filepath.Join(directory, completeFile), nil, 0o600)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			failures = append(failures, fmt.Errorf("marking an image layer as complete: %w", err))
		}
	}
	return errors.Join(failures...)
}

// prepare makes the directories and deletes what an interrupted installation has left.
func prepare(target string) error {
	for _, dir := range frame {
		if err := os.MkdirAll(filepath.Join(target, dir.path), dir.mode); err != nil {
			return fmt.Errorf("making system docker's data root: %w", err)
		}
	}
	for _, dir := range []string{layerDir, imageDir, overlayDir, linkDir} {
		entries, err := os.ReadDir(filepath.Join(target, dir))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), unfinished) {
				continue
			}
			if err := os.RemoveAll(filepath.Join(target, dir, entry.Name())); err != nil {
				return fmt.Errorf("removing a leftover: %w", err)
			}
		}
	}
	return nil
}
