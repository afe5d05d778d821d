import { DiskError } from './error.ts'

/** What the SYSLINUX installer writes, before it is fitted to a volume. */
export interface SyslinuxBlobs {
  /** 512 bytes. */
  readonly bootSector: Uint8Array
  /** The content of ldlinux.sys without its two sectors of auxiliary data. */
  readonly ldlinuxSys: Uint8Array
}

const SECTOR = 512
/** jmp short over the BIOS parameter block, then the name of the system. */
const BOOT_SECTOR = Uint8Array.of(0xeb, 0x58, 0x90, ...Buffer.from('SYSLINUX'))
const LDLINUX_SYS = Buffer.from('\r\nSYSLINUX ')
const ELF_32 = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0x01)

/**
 * Finds boot sector and ldlinux.sys in the program `syslinux` (or `extlinux`), which carries them one behind the other and the
 * module ldlinux.c32 behind both. They are in no file of their own. Throws `ROS_DISK_FORMAT` when they are not there.
 *
 * Source: SYSLINUX 6.04, libinstaller/bin2c.pl and the installers' link order.
 */
export function findSyslinux(program: Uint8Array): SyslinuxBlobs {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.length)
  const boot = bytes.indexOf(BOOT_SECTOR)
  const start = boot + SECTOR
  const found = boot >= 0 && bytes.indexOf(LDLINUX_SYS, start) === start
  const module = found ? bytes.indexOf(ELF_32, start) : -1
  // The module begins at a multiple of 32 bytes; ldlinux.sys itself is a whole number of sectors.
  const length = Math.floor((module - start) / SECTOR) * SECTOR
  const gap = (module - start) % SECTOR
  if (!found || length <= 0 || gap >= 32 || !holdsLength(bytes, length)) {
    throw new DiskError('ROS_DISK_FORMAT', 'has no SYSLINUX boot sector and ldlinux.sys in it', {
      subject: 'syslinux program',
      hint: "take /usr/bin/syslinux of Debian's package syslinux",
    })
  }
  return {
    bootSector: program.slice(boot, start),
    ldlinuxSys: program.slice(start, start + length),
  }
}

/** The program has the length of ldlinux.sys as a 32-bit number. */
function holdsLength(bytes: Buffer, length: number): boolean {
  const number = Buffer.alloc(4)
  number.writeUInt32LE(length)
  return bytes.includes(number)
}
