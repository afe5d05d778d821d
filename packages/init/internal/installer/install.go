package installer

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rancheros-kit/init/internal/bootvolume"
	"rancheros-kit/init/internal/gpt"
)

const (
	mib = 1 << 20
	// bootStart is where the boot volume begins; its own first sector says so too.
	bootStart  = mib
	bootMount  = "/run/ros/new-boot"
	stateMount = "/run/ros/new-state"
)

// Numbers of the partitions.
const (
	bootNumber  = 1
	stateNumber = 2
)

// install puts a system on a whole disk: GUID partition table, boot volume, state. The first sector, which firmware of both kinds looks at, is
// blank from the first write to the last: at every moment in between the disk starts nothing, and the medium that installs is still there.
func install(s session, given options) error {
	if given.device == "" {
		return errors.New("want -d DISK, the disk to install to")
	}
	if given.partition != "" {
		return errors.New("-p is for -t noformat: an installation takes a whole disk")
	}
	from, err := s.openSource(given.dist)
	if err != nil {
		return err
	}
	defer from.close()
	to, err := s.openTarget(given.device)
	if err != nil {
		return err
	}
	volume, err := openVolume(from.volume)
	if err != nil {
		return err
	}
	code, err := readBootCode(from.bootCode)
	if err != nil {
		return err
	}
	table, err := plan(to.size, volume.size, len(code) > 0)
	if err != nil {
		return fmt.Errorf("%s: %w", given.device, err)
	}
	files, err := readFiles(given)
	if err != nil {
		return err
	}
	arguments := append(volume.arguments(from), given.arguments...)
	if err := bootvolume.CheckArguments(arguments); err != nil {
		return err
	}
	s.say("%s: %d MB; RancherOS %s gets a boot volume of %d MB and a state partition of %d MB", given.device, to.size/1e6,
		from.Version, volume.size/1e6, table.Partitions[stateNumber-1].Size()/1e6)
	for _, line := range to.content {
		s.say("  will be erased: %s", line)
	}
	if given.plan {
		return nil
	}
	if len(to.content) > 0 && !given.force {
		return fmt.Errorf("%s is not empty; --force erases it", given.device)
	}
	return s.layDown(to, from, volume, table, code, arguments, files)
}

// readBootCode reads what leads a BIOS to SYSLINUX; nothing where the installer starts machines by UEFI alone.
func readBootCode(path string) ([]byte, error) {
	code, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return code, err
}

func plan(size, volume int64, bios bool) (*gpt.Table, error) {
	first := uint64(bootStart+volume) / gpt.SectorSize
	if needed := bootStart + volume + minState + mib; size < needed {
		return nil, fmt.Errorf("the disk is too small: it has %d MB, %d MB are needed", size/1e6, needed/1e6)
	}
	table := &gpt.Table{ID: gpt.NewGUID()}
	table.Partitions[bootNumber-1] = gpt.Partition{
		Type: gpt.TypeESP, ID: gpt.NewGUID(), First: bootStart / gpt.SectorSize, Last: first - 1,
		Name: bootvolume.PartitionName,
	}
	if bios {
		table.Partitions[bootNumber-1].Attributes = gpt.LegacyBIOSBootable
	}
	table.Partitions[stateNumber-1] = gpt.Partition{
		Type: gpt.TypeLinux, ID: gpt.NewGUID(), First: first, Last: gpt.LastUsable(size), Name: bootvolume.StateName,
	}
	return table, nil
}

func (s session) layDown(to target, from source, volume volumeImage, table *gpt.Table, code []byte, arguments []string, files []file) (err error) {
	disk, err := os.OpenFile(to.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	s.say("clearing the first sector")
	if err := writeAt(disk, make([]byte, gpt.SectorSize), 0); err != nil {
		return err
	}
	if err := forget(disk, table); err != nil {
		return err
	}
	s.say("writing the boot loaders")
	if err := volume.writeTo(disk, bootStart); err != nil {
		return err
	}
	// Only now, because whoever hears of a partition reads it, and the kernel would keep what was there before.
	if err := tell(disk, table); err != nil {
		return err
	}
	state := partitionPath(to.path, stateNumber)
	s.say("making the state file system")
	if err := s.makeFileSystem(state); err != nil {
		return err
	}
	if err := putFiles(state, files); err != nil {
		return err
	}
	s.say("copying kernel and initrd")
	if err := putSystem(partitionPath(to.path, bootNumber), from, arguments); err != nil {
		return err
	}
	s.say("writing the partition table")
	if err := table.Write(disk, to.size); err != nil {
		return err
	}
	sector, err := gpt.ProtectiveMBR(to.size, code)
	if err != nil {
		return err
	}
	if err := writeAt(disk, sector, 0); err != nil {
		return err
	}
	s.say("RancherOS %s is installed", from.Version)
	return nil
}

func writeAt(disk *os.File, content []byte, offset int64) error {
	if _, err := disk.WriteAt(content, offset); err != nil {
		return err
	}
	return disk.Sync()
}

// forget makes the kernel forget the partitions that were on the disk.
func forget(disk *os.File, table *gpt.Table) error {
	for number := 1; number <= len(table.Partitions); number++ {
		if err := gpt.Forget(disk, number); err != nil && !errors.Is(err, unix.ENXIO) {
			return fmt.Errorf("forgetting the old partitions: %w", err)
		}
	}
	return nil
}

// tell makes the kernel know the new ones, before the table is on the disk.
func tell(disk *os.File, table *gpt.Table) error {
	for i, part := range table.Partitions {
		if part.Type == (gpt.GUID{}) {
			continue
		}
		if err := gpt.Tell(disk, i+1, part); err != nil {
			return err
		}
	}
	return nil
}

// partitionPath is the device of a partition: a number behind a name that ends with a digit is set off with a p.
func partitionPath(disk string, number int) string {
	if last := disk[len(disk)-1]; last >= '0' && last <= '9' {
		return fmt.Sprintf("%sp%d", disk, number)
	}
	return fmt.Sprintf("%s%d", disk, number)
}

func putSystem(device string, from source, arguments []string) (err error) {
	volume, err := bootvolume.Mount(device, bootMount, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, volume.Unmount()) }()
	if err := volume.SetArguments(arguments); err != nil {
		return err
	}
	if err := volume.Put(from.Version, from.Content, arguments); err != nil {
		return err
	}
	return volume.Begin(bootvolume.Selection{Current: from.Version})
}

// volumeImage is the start of a boot volume, up to the last of its bytes that are not free space.
type volumeImage struct {
	path string
	size int64
}

func openVolume(path string) (volumeImage, error) {
	head := make([]byte, gpt.SectorSize)
	file, reader, err := unzip(path)
	if err != nil {
		return volumeImage{}, err
	}
	defer file.Close()
	if _, err := io.ReadFull(reader, head); err != nil {
		return volumeImage{}, fmt.Errorf("%s: %w", path, err)
	}
	le := binary.LittleEndian
	sectors, hidden := int64(le.Uint32(head[32:])), int64(le.Uint32(head[28:]))
	if string(head[82:87]) != "FAT32" || sectors == 0 || hidden*gpt.SectorSize != bootStart {
		return volumeImage{}, fmt.Errorf("%s is no boot volume", path)
	}
	return volumeImage{path: path, size: sectors * gpt.SectorSize}, nil
}

func unzip(path string) (*os.File, *gzip.Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	reader, err := gzip.NewReader(file)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return file, reader, nil
}

// arguments are the kernel arguments that the build gives installed systems.
func (v volumeImage) arguments(from source) []string {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(v.path), "append"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

func (v volumeImage) writeTo(disk *os.File, offset int64) error {
	file, reader, err := unzip(v.path)
	if err != nil {
		return err
	}
	defer file.Close()
	block := make([]byte, mib)
	for {
		n, err := io.ReadFull(reader, block)
		if n > 0 {
			if _, err := disk.WriteAt(block[:n], offset); err != nil {
				return fmt.Errorf("writing the boot volume: %w", err)
			}
			offset += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return disk.Sync()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", v.path, err)
		}
	}
}
