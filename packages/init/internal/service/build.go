package service

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/engine"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/client"
)

const buildLimit = time.Hour

// BuiltImage is the image of a service that has a Dockerfile and no name for what comes of it.
func BuiltImage(service string) string { return "os_" + service }

// Build makes the image of a service from its Dockerfile.
func Build(ctx context.Context, docker *client.Client, name string, service config.Service, told func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	tag := service.Image
	if tag == "" {
		tag = BuiltImage(name)
	}
	reader, writer := io.Pipe()
	go func() { _ = writer.CloseWithError(pack(service.Build, writer)) }()
	options := build.ImageBuildOptions{Tags: []string{tag}, Dockerfile: service.Dockerfile, Remove: true}
	if isSystem(service) {
		// System docker has no bridge.
		options.NetworkMode = "host"
	}
	response, err := docker.ImageBuild(ctx, reader, options)
	if err != nil {
		_ = reader.CloseWithError(err)
		return fmt.Errorf("building %s: %w", tag, err)
	}
	defer response.Body.Close()
	if err := engine.Messages(response.Body, told); err != nil {
		return fmt.Errorf("building %s: %w", tag, err)
	}
	return nil
}

// pack writes a directory as a tar archive; links stay links, and nothing outside of it is read.
func pack(directory string, to io.Writer) error {
	archive := tar.NewWriter(to)
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(directory, path)
		if err != nil || relative == "." {
			return err
		}
		return packOne(archive, path, relative, entry)
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

func packOne(archive *tar.Writer, path, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() && !info.IsDir() && info.Mode()&fs.ModeSymlink == 0 {
		return nil // docker's client leaves sockets and devices out too
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name = filepath.ToSlash(name)
	if err := archive.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(archive, file)
	return err
}
