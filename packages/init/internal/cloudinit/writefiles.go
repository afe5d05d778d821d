package cloudinit

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rancheros-kit/init/internal/account"
	"rancheros-kit/init/internal/atomicfile"
	"rancheros-kit/init/internal/config"
)

// console is the service whose container gets the files that name none.
const console = "console"

// WriteFiles writes each file for the console whole or not at all; a bad one does not keep the others from being written.
func WriteFiles(root string, files []config.WriteFile) error {
	var problems []error
	for _, file := range files {
		if file.Container != "" && file.Container != console {
			continue
		}
		if err := writeFile(root, file); err != nil {
			problems = append(problems, fmt.Errorf("write_files, %s: %w", file.Path, err))
		}
	}
	return errors.Join(problems...)
}

// Archive makes a tar archive of the files for the container of another service than the console; nil when there are none.
// Owners are looked up on the machine.
func Archive(root, container string, files []config.WriteFile) (io.Reader, error) {
	var archive bytes.Buffer
	var problems []error
	writer := tar.NewWriter(&archive)
	for _, file := range files {
		if file.Container != container || container == console {
			continue
		}
		if err := archiveFile(writer, root, file); err != nil {
			problems = append(problems, fmt.Errorf("write_files, %s: %w", file.Path, err))
		}
	}
	if archive.Len() == 0 {
		return nil, errors.Join(problems...)
	}
	return &archive, errors.Join(append(problems, writer.Close())...)
}

func archiveFile(writer *tar.Writer, root string, file config.WriteFile) error {
	written, err := resolve(root, file)
	if err != nil {
		return err
	}
	header := tar.Header{
		Name: strings.TrimPrefix(filepath.Clean(file.Path), "/"), Size: int64(len(written.content)),
		Mode: int64(written.mode), ModTime: time.Now(), Uid: written.owner.UID, Gid: written.owner.GID,
	}
	if err := writer.WriteHeader(&header); err != nil {
		return err
	}
	_, err = writer.Write(written.content)
	return err
}

func writeFile(root string, file config.WriteFile) error {
	written, err := resolve(root, file)
	if err != nil {
		return err
	}
	path := filepath.Join(root, file.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, written.content, fileMode(written.mode), &written.owner)
}

// written is what an entry of write_files means.
type written struct {
	content []byte
	mode    uint64
	owner   atomicfile.Owner
}

func resolve(root string, file config.WriteFile) (written, error) {
	if !filepath.IsAbs(file.Path) {
		return written{}, fmt.Errorf("path %q is not absolute", file.Path)
	}
	content, err := decode(file.Encoding, file.Content)
	if err != nil {
		return written{}, err
	}
	mode := uint64(0o644)
	if file.Permissions != "" {
		if mode, err = strconv.ParseUint(strings.TrimPrefix(file.Permissions, "0o"), 8, 12); err != nil {
			return written{}, fmt.Errorf("permissions %q, want octal digits up to 7777", file.Permissions)
		}
	}
	owner, err := account.Owner(root, file.Owner)
	return written{content, mode, owner}, err
}

// fileMode has the set-id and sticky bits where Go wants them.
func fileMode(mode uint64) os.FileMode {
	result := os.FileMode(mode % 0o1000)
	special := mode / 0o1000
	if special/4%2 == 1 {
		result += os.ModeSetuid
	}
	if special/2%2 == 1 {
		result += os.ModeSetgid
	}
	if special%2 == 1 {
		result += os.ModeSticky
	}
	return result
}

func decode(encoding, text string) ([]byte, error) {
	content := []byte(text)
	var err error
	switch encoding {
	case "", "text/plain":
		return content, nil
	case "b64", "base64":
		return decodeBase64(content)
	case "gz", "gzip":
		return gunzip(content)
	case "gz+b64", "gz+base64", "gzip+b64", "gzip+base64":
		if content, err = decodeBase64(content); err != nil {
			return nil, err
		}
		return gunzip(content)
	default:
		return nil, fmt.Errorf("unknown encoding %q (b64, base64, gz, gzip, gz+b64, gzip+base64)", encoding)
	}
}

// decodeBase64 allows white space between the characters, as a YAML block has it.
func decodeBase64(text []byte) ([]byte, error) {
	packed := bytes.Join(bytes.Fields(text), nil)
	content := make([]byte, base64.StdEncoding.DecodedLen(len(packed)))
	length, err := base64.StdEncoding.Decode(content, packed)
	return content[:length], err
}
