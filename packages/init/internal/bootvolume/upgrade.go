package bootvolume

import (
	"errors"
	"fmt"
)

// Upgrade puts a system beside those that are there, and lets it be tried at the next start. Until the last write to the disk the
// machine starts as before.
func (v Volume) Upgrade(content Content, more []string) (folder string, err error) {
	selection, err := v.Selection()
	if err != nil {
		return "", err
	}
	if selection.Trial != "" {
		// An earlier upgrade that has not been tried, or failed.
		selection.Trial = ""
		if err := errors.Join(v.SetOnce(false), v.Select(selection)); err != nil {
			return "", err
		}
	}
	if err := v.RemoveOthers(selection); err != nil {
		return "", err
	}
	free, err := v.Free()
	if err != nil {
		return "", err
	}
	if needed := content.Needs(); free < needed {
		return "", fmt.Errorf("the boot volume has no room for %s: %d MB are free, %d MB are needed", content.Version, free/1e6, needed/1e6)
	}
	arguments, err := v.Arguments()
	if err != nil {
		return "", err
	}
	arguments = append(arguments, more...)
	if err := CheckArguments(arguments); err != nil {
		return "", err
	}
	folder = selection.FolderFor(content.Version)
	if err := v.Put(folder, content, arguments); err != nil {
		return "", err
	}
	if len(more) > 0 {
		if err := v.SetArguments(arguments); err != nil {
			return "", err
		}
	}
	selection.Trial = folder
	if err := v.Select(selection); err != nil {
		return "", err
	}
	return folder, v.SetOnce(true)
}
