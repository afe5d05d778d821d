package bootvolume

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	descriptionFile = "system.json"
	appendFile      = "ros/append"
)

// File is how a kernel or an initrd is known.
type File struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// System describes a system, as system.json in its folder does.
type System struct {
	Version string `json:"version"`
	Arch    string `json:"arch"`
	Vmlinuz File   `json:"vmlinuz"`
	Initrd  File   `json:"initrd"`
}

// ReadSystem reads the description in a folder.
func ReadSystem(folder string) (System, error) {
	var system System
	text, err := os.ReadFile(filepath.Join(folder, descriptionFile))
	if err != nil {
		return system, err
	}
	if err := json.Unmarshal(text, &system); err != nil {
		return system, fmt.Errorf("%s: %w", descriptionFile, err)
	}
	if !folderName.MatchString(system.Version) {
		return system, fmt.Errorf("%s: %q is no version", descriptionFile, system.Version)
	}
	return system, nil
}

// System describes the system in a folder of the volume.
func (v Volume) System(folder string) (System, error) { return ReadSystem(v.path("ros", folder)) }

// Needs is the room that the system takes, with its menu.
func (s System) Needs() int64 { return s.Vmlinuz.Size + s.Initrd.Size + 1<<20 }

// FolderFor is a folder's name for a version, one that no selected system has.
func (s Selection) FolderFor(version string) string {
	name := version
	for n := 2; name == s.Current || name == s.Previous; n++ {
		name = fmt.Sprintf("%s-%d", version, n)
	}
	return name
}

// RemoveOthers deletes the folders that the selection does not name: what an interrupted or failed upgrade left.
func (v Volume) RemoveOthers(s Selection) error {
	names, err := v.Systems()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains([]string{s.Current, s.Previous, s.Trial}, name) {
			if err := os.RemoveAll(v.path("ros", name)); err != nil {
				return err
			}
		}
	}
	return v.sync()
}

// Content is a system that is to be put on a volume.
type Content struct {
	System
	// Vmlinuz and Initrd are paths, Menu the folder with the templates of its entries.
	VmlinuzPath, InitrdPath, Menu string
}

// Put writes a system into a folder that nothing refers to yet, and proves it by its digests. When it fails the folder is gone again.
func (v Volume) Put(folder string, content Content, arguments []string) (err error) {
	target := v.path("ros", folder)
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.Mkdir(target, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(target))
		}
	}()
	for _, part := range []struct {
		name, from string
		want       File
	}{{"vmlinuz", content.VmlinuzPath, content.Vmlinuz}, {"initrd", content.InitrdPath, content.Initrd}} {
		if err := copyProven(part.from, filepath.Join(target, part.name), part.want); err != nil {
			return err
		}
	}
	description, err := json.MarshalIndent(content.System, "", "  ")
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(target, descriptionFile), append(description, '\n')); err != nil {
		return err
	}
	templates, err := filepath.Glob(filepath.Join(content.Menu, "*.cfg*"))
	if err != nil || len(templates) == 0 {
		return errors.Join(err, fmt.Errorf("%s has no templates of menu entries", content.Menu))
	}
	for _, path := range templates {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(target, filepath.Base(path)), []byte(fillMenu(string(text), folder, arguments))); err != nil {
			return err
		}
	}
	return v.sync()
}

func fillMenu(text, folder string, arguments []string) string {
	quoted := make([]string, len(arguments))
	for i, argument := range arguments {
		quoted[i] = "'" + argument + "'"
	}
	return strings.NewReplacer("@FOLDER@", folder, "@APPEND@", strings.Join(arguments, " "), "@GRUB_APPEND@", strings.Join(quoted, " ")).Replace(text)
}

func copyProven(from, to string, want File) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	digest := sha256.New()
	size, err := io.Copy(target, io.TeeReader(source, digest))
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	if got := hex.EncodeToString(digest.Sum(nil)); size != want.Size || got != want.SHA256 {
		return fmt.Errorf("%s is damaged or of another build: %d bytes with SHA-256 %s, want %d with %s", from, size, got, want.Size, want.SHA256)
	}
	return target.Sync()
}

func writeSynced(path string, content []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// argument is a kernel argument that both boot loaders take as it is.
var argument = regexp.MustCompile(`^[^\s"'\\@]+$`)

// Arguments are the kernel arguments of this disk's systems.
func (v Volume) Arguments() ([]string, error) {
	text, err := os.ReadFile(v.path(appendFile))
	return strings.Fields(string(text)), err
}

// SetArguments remembers them for the systems to come.
func (v Volume) SetArguments(arguments []string) error {
	if err := CheckArguments(arguments); err != nil {
		return err
	}
	return writeSynced(v.path(appendFile), []byte(strings.Join(arguments, " ")+"\n"))
}

// CheckArguments refuses what one of the boot loaders would read as something else.
func CheckArguments(arguments []string) error {
	for _, word := range arguments {
		if !argument.MatchString(word) {
			return fmt.Errorf("the kernel argument %q has a quote, a backslash or an @, which boot loaders read as something else", word)
		}
	}
	return nil
}

// Begin writes the first selection of a new volume, into a file that nothing refers to before it is whole.
func (v Volume) Begin(s Selection) error {
	sector, err := s.encode()
	if err != nil {
		return err
	}
	if err := writeSynced(v.path(selectionFile), sector); err != nil {
		return err
	}
	return v.sync()
}
