package imagestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rancheros-kit/init/internal/copytree"
)

// layer is a layer of the source.
type layer struct {
	// chain is its chain id without the algorithm, and parent that of the layer below; empty for the lowest.
	chain, parent string
	// cacheID names its directory in overlay2.
	cacheID string
}

// readLayers gives the layers of a data root, each after the one that it stands on.
func readLayers(root string) ([]layer, error) {
	entries, err := os.ReadDir(filepath.Join(root, layerDir))
	if err != nil {
		return nil, err
	}
	var layers []layer
	for _, entry := range entries {
		read, err := readLayer(root, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading image layer %s: %w", entry.Name(), err)
		}
		layers = append(layers, read)
	}
	return sortLayers(layers)
}

func readLayer(root, chain string) (layer, error) {
	cacheID, err := os.ReadFile(filepath.Join(root, layerDir, chain, "cache-id"))
	if err != nil {
		return layer{}, err
	}
	if len(cacheID) == 0 || strings.ContainsAny(string(cacheID), "/.") {
		return layer{}, fmt.Errorf("%q is no cache id", cacheID)
	}
	parent, err := os.ReadFile(filepath.Join(root, layerDir, chain, "parent"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return layer{}, err
	}
	return layer{chain: chain, parent: strings.TrimPrefix(string(parent), "sha256:"), cacheID: string(cacheID)}, nil
}

func sortLayers(layers []layer) ([]layer, error) {
	placed := map[string]bool{"": true}
	var sorted []layer
	for len(sorted) < len(layers) {
		before := len(sorted)
		for _, layer := range layers {
			if !placed[layer.chain] && placed[layer.parent] {
				placed[layer.chain] = true
				sorted = append(sorted, layer)
			}
		}
		if len(sorted) == before {
			return nil, errors.New("image layers stand on layers that are not there")
		}
	}
	return sorted, nil
}

// metadata are the files that docker keeps of a layer besides its cache id.
var metadata = []string{"diff", "parent", "size", "tar-split.json.gz"}

// present tells whether a data root has a layer whole: docker would accept it, and if it came from here it is on the disk.
// One that came from here does not count when again is set.
func present(root string, wanted layer, again bool) bool {
	have, err := readLayer(root, wanted.chain)
	if err != nil || have.parent != wanted.parent {
		return false
	}
	for _, name := range metadata {
		info, err := os.Stat(filepath.Join(root, layerDir, wanted.chain, name))
		missing := name == "parent" && wanted.parent == "" && errors.Is(err, os.ErrNotExist)
		if !missing && (err != nil || info.Size() == 0) {
			return false
		}
	}
	directory := filepath.Join(root, overlayDir, have.cacheID)
	link, err := os.ReadFile(filepath.Join(directory, "link"))
	if err != nil {
		return false
	}
	target, err := os.Readlink(filepath.Join(root, linkDir, string(link)))
	if err != nil || target != filepath.Join("..", have.cacheID, "diff") {
		return false
	}
	if info, err := os.Stat(filepath.Join(directory, "diff")); err != nil || !info.IsDir() {
		return false
	}
	if have.cacheID != wanted.cacheID {
		return true
	}
	_, err = os.Stat(filepath.Join(directory, completeFile))
	return err == nil && !again
}

// install copies a layer whose lower layers are in the target. Its entry in the database comes last: docker knows only
// of layers that are there.
func install(options Options, wanted layer, copier *copytree.Copier) error {
	database := filepath.Join(options.Target, layerDir, wanted.chain)
	if err := os.RemoveAll(database); err != nil {
		return err
	}
	directory := filepath.Join(options.Target, overlayDir, wanted.cacheID)
	if err := copier.Tree(filepath.Join(options.Source, overlayDir, wanted.cacheID), directory+unfinished); err != nil {
		return err
	}
	if err := writeLower(options.Target, directory+unfinished, wanted.parent); err != nil {
		return err
	}
	if err := replace(directory+unfinished, directory); err != nil {
		return err
	}
	if err := linkLayer(options.Target, wanted.cacheID); err != nil {
		return err
	}
	if err := copier.Tree(filepath.Join(options.Source, layerDir, wanted.chain), database+unfinished); err != nil {
		return err
	}
	return replace(database+unfinished, database)
}

// writeLower says what a layer lies on. The layer below may be one that docker has loaded, with links of its own.
func writeLower(target, directory, parent string) error {
	if parent == "" {
		return nil
	}
	below, err := readLayer(target, parent)
	if err != nil {
		return err
	}
	belowDir := filepath.Join(target, overlayDir, below.cacheID)
	link, err := os.ReadFile(filepath.Join(belowDir, "link"))
	if err != nil {
		return err
	}
	lower := "l/" + string(link)
	rest, err := os.ReadFile(filepath.Join(belowDir, "lower"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(rest) > 0 {
		lower += ":" + string(rest)
	}
	if err := os.WriteFile(filepath.Join(directory, "lower"), []byte(lower), 0o644); err != nil {
		return err
	}
	// docker mounts a layer that others lie on without a directory for changes.
	return os.WriteFile(filepath.Join(belowDir, committedFile), nil, 0o600)
}

// linkLayer makes the short name by which mount options name the layer.
func linkLayer(target, cacheID string) error {
	link, err := os.ReadFile(filepath.Join(target, overlayDir, cacheID, "link"))
	if err != nil {
		return err
	}
	path := filepath.Join(target, linkDir, string(link))
	if err := os.Symlink(filepath.Join("..", cacheID, "diff"), path+unfinished); err != nil {
		return err
	}
	return replace(path+unfinished, path)
}

// replace puts a finished file or directory in the place of what is there.
func replace(fresh, path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
