// Package resize lets the last partition of a disk, and the ext file system in it, grow to the disk's end while it is mounted.
package resize

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/blockdev"
	"rancheros-kit/init/internal/gpt"
)

// sector is what tables of partitions count in. Disks with other sectors are left alone.
const sector = gpt.SectorSize

// Partition is an entry of a table; Start and Sectors count sectors of the disk.
type Partition struct {
	Number         int
	Start, Sectors uint64
}

// growTable lets the last partition of a disk of so many bytes grow to the end. A disk without a table gives the partition 0.
func growTable(disk gpt.Disk, size int64) (partition Partition, grown bool, err error) {
	signature := make([]byte, 8)
	if _, err := disk.ReadAt(signature, sector); err == nil && string(signature) == gptSignature {
		return growGPT(disk, size)
	}
	return growMBR(disk, size)
}

// gptSignature begins a GPT's header (UEFI specification, 5.3.2).
const gptSignature = "EFI PART"

func growGPT(disk gpt.Disk, size int64) (partition Partition, grown bool, err error) {
	table, err := gpt.Read(disk, size)
	if err != nil {
		return partition, false, err
	}
	for at, found := range table.Partitions {
		if found.Type != (gpt.GUID{}) && found.Last >= partition.Start+partition.Sectors {
			partition = describe(at+1, found)
		}
	}
	if partition.Number == 0 {
		return partition, false, errors.New("the GPT has no partition")
	}
	if grown, err = table.Stretch(partition.Number, size); err != nil || !grown {
		return partition, false, err
	}
	return describe(partition.Number, table.Partitions[partition.Number-1]), true, table.Write(disk, size)
}

func describe(number int, found gpt.Partition) Partition {
	return Partition{Number: number, Start: found.First, Sectors: found.Last - found.First + 1}
}

// Grow does it for a disk of this machine, and gives the device whose file system has grown; empty when there was nothing to do.
func Grow(path string) (device string, err error) {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer disk.Close()
	size, err := disk.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if logical, err := unix.IoctlGetInt(int(disk.Fd()), unix.BLKSSZGET); err != nil || logical != sector {
		return "", fmt.Errorf("%s has sectors of %d bytes, want %d (%v)", path, logical, sector, err)
	}
	partition, grown, err := growTable(disk, size)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	device = path
	if partition.Number > 0 {
		if device, err = partitionDevice(path, partition.Number); err != nil {
			return "", err
		}
		if grown {
			size := gpt.Partition{First: partition.Start, Last: partition.Start + partition.Sectors - 1}
			if err := gpt.TellSize(disk, partition.Number, size); err != nil {
				return "", err
			}
		}
	}
	return growFileSystem(device)
}

// partitionDevice finds the kernel's name of a partition in /sys.
func partitionDevice(disk string, number int) (string, error) {
	real, err := filepath.EvalSymlinks(disk)
	if err != nil {
		return "", err
	}
	entries, err := filepath.Glob(filepath.Join("/sys/class/block", filepath.Base(real), "*/partition"))
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		if err == nil && strings.TrimSpace(string(text)) == fmt.Sprint(number) {
			return filepath.Join(filepath.Dir(real), filepath.Base(filepath.Dir(entry))), nil
		}
	}
	return "", fmt.Errorf("%s has no partition %d that the kernel knows", disk, number)
}

// growFileSystem lets an ext file system fill its device.
func growFileSystem(device string) (string, error) {
	found, err := blockdev.Host.Find(device)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(found.Type, "ext") {
		return "", fmt.Errorf("%s has the file system %q; only ext grows", device, found.Type)
	}
	output, err := exec.Command("resize2fs", device).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		return "", fmt.Errorf("resize2fs %s: %w: %s", device, err, strings.TrimSpace(string(output)))
	}
	if strings.Contains(string(output), "Nothing to do") {
		return "", nil
	}
	return device, nil
}
