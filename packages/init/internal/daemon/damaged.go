package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// asideDir is where SetAside puts things, in the data root.
const asideDir = "set-aside"

// records is what docker and containerd keep of containers, networks and builds. Images, layers and the content of volumes
// are not among it.
var records = []string{"containers", "containerd", "network", "buildkit", "builder", "plugins", "swarm", "trust", "volumes/metadata.db"}

// SetAside moves the records of a daemon that does not start out of its way, in place of what an earlier call has moved. The
// services' containers are made anew of their images then. It gives the directory where the records are.
func SetAside(dataRoot string) (string, error) {
	aside := filepath.Join(dataRoot, asideDir)
	if err := os.RemoveAll(aside); err != nil {
		return aside, fmt.Errorf("setting the records of system docker aside: %w", err)
	}
	var problems []error
	for _, name := range records {
		target := filepath.Join(aside, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			problems = append(problems, err)
			continue
		}
		if err := os.Rename(filepath.Join(dataRoot, name), target); err != nil && !errors.Is(err, os.ErrNotExist) {
			problems = append(problems, fmt.Errorf("setting the records of system docker aside: %w", err))
		}
	}
	return aside, errors.Join(problems...)
}

// LogEnd is the last line of system docker's log that tells of a failure, or else the last one.
func LogEnd(root string) string {
	const most = 16 << 10
	file, err := os.Open(filepath.Join(root, logFile))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		_, _ = file.Seek(max(0, size-most), io.SeekStart)
	}
	content, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(content)), "\n")
	for at := len(lines) - 1; at >= 0; at-- {
		if line := lines[at]; strings.HasPrefix(line, "failed ") || strings.Contains(line, "level=fatal") || strings.HasPrefix(line, "panic:") {
			return line
		}
	}
	return lines[len(lines)-1]
}
