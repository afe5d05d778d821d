// The init of a guest that tells what the kernel made of its initramfs: one line of JSON for every path on the root file
// system, read before anything else is mounted or written. Then it switches off.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"syscall"
)

type node struct {
	// Bytes as they are, in hexadecimal: names need not be text.
	Path   string `json:"path"`
	Mode   uint32 `json:"mode"` // st_mode, type included
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Size   int64  `json:"size"`
	Mtime  int64  `json:"mtime"`
	Nlink  uint64 `json:"nlink"`
	Ino    uint64 `json:"ino"`
	Rdev   uint64 `json:"rdev"`
	Target string `json:"target,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "walker: to be run as a guest's init")
		os.Exit(1)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	write := func(value any) {
		line, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		// The mark tells these lines from the kernel's.
		fmt.Fprintf(out, "\nWALK %s\n", line)
	}
	walk("/", "", write)
	fmt.Fprintf(out, "\nWALK-END\n")
	out.Flush()
	// Waits until the serial line has sent it all (ioctl_tty(2), TCSBRK with an argument).
	const tcsbrk = 0x5409
	syscall.Syscall(syscall.SYS_IOCTL, 1, tcsbrk, 1)
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// walk goes by directory handles' names one level at a time: paths may be longer than a system call takes.
func walk(directory, prefix string, write func(any)) {
	if err := os.Chdir(directory); err != nil {
		write(node{Path: hex.EncodeToString([]byte(prefix)), Error: err.Error()})
		return
	}
	write(describe(".", prefix))
	entries, err := os.ReadDir(".")
	if err != nil {
		write(node{Path: hex.EncodeToString([]byte(prefix)), Error: err.Error()})
		return
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, entry := range entries {
		path := filepath.Join(prefix, entry.Name())
		if !entry.IsDir() {
			write(describe(entry.Name(), path))
			continue
		}
		walk(entry.Name(), path, write)
		if err := os.Chdir(".."); err != nil {
			panic(err)
		}
	}
}

func describe(name, path string) node {
	found := node{Path: hex.EncodeToString([]byte(path))}
	var stat syscall.Stat_t
	if err := syscall.Lstat(name, &stat); err != nil {
		found.Error = err.Error()
		return found
	}
	found.Mode, found.UID, found.GID = stat.Mode, stat.Uid, stat.Gid
	found.Size, found.Mtime = stat.Size, stat.Mtim.Sec
	found.Nlink, found.Ino, found.Rdev = uint64(stat.Nlink), stat.Ino, stat.Rdev
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFLNK:
		target, err := os.Readlink(name)
		if err != nil {
			found.Error = err.Error()
		}
		found.Target = hex.EncodeToString([]byte(target))
	case syscall.S_IFREG:
		sum, err := digest(name)
		if err != nil {
			found.Error = err.Error()
		}
		found.SHA256 = sum
	}
	return found
}

func digest(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
