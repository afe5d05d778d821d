import { u32le } from '@ros/bytes'

const SECTOR = 512
const HEAD_MAGIC = 0x5a2d_2fa5
/** The words of the data sum up to this, less the checksum, which stands in front of them. */
const CHECKSUM = 0xa304_1767
const TAIL_MAGIC = 0xdd28_bf64

/**
 * Auxiliary data vector, empty, in its two copies: the last sectors of ldlinux.sys, where SYSLINUX keeps what the next start is to
 * be (source: SYSLINUX 6.04, libinstaller/setadv.c).
 */
export function encodeAdv(): Uint8Array {
  const sector = new Uint8Array(SECTOR)
  u32le.write(sector, 0, HEAD_MAGIC, 'auxiliary data, magic')
  u32le.write(sector, 4, CHECKSUM, 'auxiliary data, checksum')
  u32le.write(sector, SECTOR - 4, TAIL_MAGIC, 'auxiliary data, magic at the end')
  const both = new Uint8Array(2 * SECTOR)
  both.set(sector)
  both.set(sector, SECTOR)
  return both
}
