package bootvolume

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	sectorSize    = 512
	selectionFile = "ros/boot.cfg"
)

// Selection says which systems are in the menu: folders below /ros. SYSLINUX reads its file as it is, GRUB as a script whose words it is
// given a meaning of. The file is one sector of the disk and stays where it is: one write changes it from one whole text to another.
type Selection struct {
	// Current starts by itself, Previous is the one before it, Trial starts once when the loader was told so.
	Current, Previous, Trial string
}

var (
	folderName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	includeLine = regexp.MustCompile(`^include /ros/([^/]+)/(current|previous|trial)\.cfg$`)
)

func (s Selection) encode() ([]byte, error) {
	var text strings.Builder
	text.WriteString("default rancheros\n")
	for _, row := range []struct{ folder, role string }{{s.Current, "current"}, {s.Previous, "previous"}, {s.Trial, "trial"}} {
		if row.folder == "" {
			continue
		}
		if !folderName.MatchString(row.folder) {
			return nil, fmt.Errorf("%q can not be the folder of a system", row.folder)
		}
		fmt.Fprintf(&text, "include /ros/%s/%s.cfg\n", row.folder, row.role)
	}
	rest := sectorSize - text.Len()
	if s.Current == "" || rest < 2 {
		return nil, fmt.Errorf("the boot menu can not be %+v", s)
	}
	text.WriteString(strings.Repeat("#", rest-1) + "\n")
	return []byte(text.String()), nil
}

func decodeSelection(text string) (Selection, error) {
	var s Selection
	for _, line := range strings.Split(text, "\n") {
		match := includeLine.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		switch match[2] {
		case "current":
			s.Current = match[1]
		case "previous":
			s.Previous = match[1]
		case "trial":
			s.Trial = match[1]
		}
	}
	if s.Current == "" {
		return s, errors.New("the boot menu names no system")
	}
	return s, nil
}

// Selection reads what starts.
func (v Volume) Selection() (Selection, error) {
	text, err := os.ReadFile(v.path(selectionFile))
	if err != nil {
		return Selection{}, err
	}
	return decodeSelection(string(text))
}

// Select changes what starts. Everything that it names must be on the disk before.
func (v Volume) Select(s Selection) error {
	sector, err := s.encode()
	if err != nil {
		return err
	}
	if err := v.sync(); err != nil {
		return err
	}
	return overwrite(v.path(selectionFile), sector, 0)
}

// overwrite changes bytes of a file that stays where it is on the disk, and returns when they are there.
func overwrite(path string, content []byte, offset int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(content, offset)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("changing %s: %w", filepath.Base(path), err)
	}
	return nil
}
