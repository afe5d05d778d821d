import { ascii, hex8, record } from '@ros/bytes'
import type { TreeNode } from '@ros/tree'

/** "New ASCII" header (Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5), New ASCII Format). */
export const newcHeader = record(
  'newc header',
  [
    ['magic', ascii(6)],
    ['ino', hex8],
    ['mode', hex8], // type and permissions, as st_mode
    ['uid', hex8],
    ['gid', hex8],
    ['nlink', hex8],
    ['mtime', hex8], // seconds since 1970, unsigned
    ['fileSize', hex8],
    ['devMajor', hex8],
    ['devMinor', hex8],
    ['rdevMajor', hex8],
    ['rdevMinor', hex8],
    ['nameSize', hex8], // with the NUL
    ['check', hex8], // sum of the content's bytes with magic 070702, else 0
  ],
  110,
)

export type NewcHeader = ReturnType<typeof newcHeader.decode>

export const MAGIC = '070701'
export const MAGIC_CHECKSUM = '070702'
/** The name that ends an archive. */
export const TRAILER = 'TRAILER!!!'
/** Name and content start at multiples of this, counted from the start of the archive. */
export const ALIGNMENT = 4
/** Archives are filled up with zeros to a multiple of this, as cpio(1) does. */
export const BLOCK = 512
/** Linux's limits: a path with its NUL (PATH_MAX) and a name (NAME_MAX), in bytes. */
export const PATH_MAX = 4096
export const NAME_MAX = 255
/** Largest value of a header field; also the largest file, in bytes. */
export const FIELD_MAX = 0xffff_ffff

/** The type part of st_mode (inode(7)). */
export const typeBits: Record<TreeNode['type'], number> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
}

/** `length`, rounded up to a multiple of `unit`. */
export function align(length: number, unit: number): number {
  return Math.ceil(length / unit) * unit
}

const types = new Map(Object.entries(typeBits).map(([type, bits]) => [bits, type as TreeNode['type']]))

/** Type of a node by its st_mode, of which Linux takes 16 bits; `undefined` when there is no such type. */
export function typeOf(mode: number): TreeNode['type'] | undefined {
  const low = mode % 0o200000
  return types.get(low - (low % 0o10000))
}
