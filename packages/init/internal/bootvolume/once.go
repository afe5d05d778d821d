package bootvolume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
)

// What is to start once is kept by each boot loader in a place of its own, of which it takes the word away before it starts it: GRUB in
// the first sector of its environment block, SYSLINUX in the last two sectors of ldlinux.sys (its auxiliary data vector, twice).
const (
	grubFile     = "boot/grub/grubenv"
	grubHead     = "# GRUB Environment Block\n"
	grubVariable = "ros_once="
	syslinuxFile = "syslinux/ldlinux.sys"
	trialLabel   = "trial"

	// SYSLINUX 6.04, libinstaller/advconst.h.
	advHead     = 0x5a2d2fa5
	advSum      = 0xa3041767
	advTail     = 0xdd28bf64
	advBootOnce = 1
)

// SetOnce makes the next start, and only that, the one of the trial; or, when not once, the usual one.
func (v Volume) SetOnce(once bool) error {
	return errors.Join(v.setGrub(once), v.setSyslinux(once))
}

// Once says whether a trial still lies ahead, for the boot loader of this kind of firmware.
func (v Volume) Once(uefi bool) (bool, error) {
	if uefi {
		text, err := os.ReadFile(v.path(grubFile))
		return bytes.Contains(text, []byte(grubVariable+trialLabel)), err
	}
	data, err := os.ReadFile(v.path(syslinuxFile))
	if err != nil || len(data) < 2*sectorSize {
		return false, errors.Join(err, shortFile(syslinuxFile, len(data)))
	}
	vector := data[len(data)-2*sectorSize:]
	return vector[8] == advBootOnce && vector[9] > 0, nil
}

func shortFile(name string, size int) error {
	if size < 2*sectorSize {
		return fmt.Errorf("%s has only %d bytes", name, size)
	}
	return nil
}

func (v Volume) setGrub(once bool) error {
	text := grubHead
	if once {
		text += grubVariable + trialLabel + "\n"
	}
	return overwrite(v.path(grubFile), []byte(text+strings.Repeat("#", sectorSize-len(text))), 0)
}

func (v Volume) setSyslinux(once bool) error {
	path := v.path(syslinuxFile)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // machines without a BIOS have no SYSLINUX
	}
	if err != nil {
		return err
	}
	if err := shortFile(syslinuxFile, int(info.Size())); err != nil {
		return err
	}
	vector := encodeADV(once)
	// One copy after the other: the first that is whole counts.
	for _, offset := range []int64{2 * sectorSize, sectorSize} {
		if err := overwrite(path, vector, info.Size()-offset); err != nil {
			return err
		}
	}
	return nil
}

func encodeADV(once bool) []byte {
	b := make([]byte, sectorSize)
	le := binary.LittleEndian
	le.PutUint32(b, advHead)
	le.PutUint32(b[sectorSize-4:], advTail)
	if once {
		b[8], b[9] = advBootOnce, byte(len(trialLabel))
		copy(b[10:], trialLabel)
	}
	sum := uint32(advSum)
	for at := 8; at < sectorSize-4; at += 4 {
		sum -= le.Uint32(b[at:])
	}
	le.PutUint32(b[4:], sum)
	return b
}
