// Package account reads and changes the user data base of a root directory: passwd(5), group(5), shadow(5).
package account

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rancheros-kit/init/internal/atomicfile"
)

// User is a line of passwd.
type User struct {
	Name     string
	UID, GID int
	Home     string
}

// Find looks a user up by name.
func Find(root, name string) (User, error) {
	fields, err := line(filepath.Join(root, "/etc/passwd"), name, 7)
	if err != nil {
		return User{}, fmt.Errorf("looking up user %s: %w", name, err)
	}
	uid, uidErr := strconv.Atoi(fields[2])
	gid, gidErr := strconv.Atoi(fields[3])
	if uidErr != nil || gidErr != nil {
		return User{}, fmt.Errorf("looking up user %s: ids %q and %q are no numbers", name, fields[2], fields[3])
	}
	return User{Name: name, UID: uid, GID: gid, Home: fields[5]}, nil
}

// Owner reads user[:group], each a name or a number. Without a group it is the user's own, 0 for a bare number; empty
// text is root:root.
func Owner(root, text string) (atomicfile.Owner, error) {
	name, group, hasGroup := strings.Cut(text, ":")
	owner := atomicfile.Owner{}
	if uid, err := strconv.Atoi(name); err == nil {
		owner.UID = uid
	} else if name != "" {
		user, err := Find(root, name)
		if err != nil {
			return owner, err
		}
		owner.UID, owner.GID = user.UID, user.GID
	}
	if !hasGroup || group == "" {
		return owner, nil
	}
	if gid, err := strconv.Atoi(group); err == nil {
		owner.GID = gid
		return owner, nil
	}
	fields, err := line(filepath.Join(root, "/etc/group"), group, 4)
	if err != nil {
		return owner, fmt.Errorf("looking up group %s: %w", group, err)
	}
	if owner.GID, err = strconv.Atoi(fields[2]); err != nil {
		return owner, fmt.Errorf("looking up group %s: id %q is no number", group, fields[2])
	}
	return owner, nil
}

// SetPassword writes the hash of a password to shadow. The salt is up to 16 characters of [./0-9A-Za-z], new each time.
func SetPassword(root, name, password, salt string) error {
	path := filepath.Join(root, "/etc/shadow")
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("setting the password of %s: %w", name, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("setting the password of %s: %w", name, err)
	}
	lines := strings.Split(string(content), "\n")
	found := false
	for index, line := range lines {
		fields := strings.Split(line, ":")
		if fields[0] == name && len(fields) == 9 {
			fields[1] = sha512Crypt(password, salt)
			lines[index] = strings.Join(fields, ":")
			found = true
		}
	}
	if !found {
		return fmt.Errorf("setting the password of %s: no such line in %s", name, path)
	}
	return atomicfile.Write(path, []byte(strings.Join(lines, "\n")), info.Mode().Perm(), ownerOf(info))
}

// line finds the line of a colon separated file whose first field is name.
func line(path, name string, count int) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for _, text := range strings.Split(string(content), "\n") {
		if fields := strings.Split(text, ":"); fields[0] == name && len(fields) >= count {
			return fields, nil
		}
	}
	return nil, fmt.Errorf("not in %s", path)
}
