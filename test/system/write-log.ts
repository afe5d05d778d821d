import { type FileHandle, open } from 'node:fs/promises'

/** A write as it reached the disk, in the order of their ends. */
export interface LoggedWrite {
  /** Bytes. */
  readonly offset: number
  readonly length: number
  /** Where its data begins in the log; undefined for a discard, after which the disk gives zeros. */
  readonly data?: number
  /** A flush: everything before is on the medium. */
  readonly flush: boolean
}

const MAGIC = 0x6a736677736872n
const FLUSH = 1n
const DISCARD = 4n

/**
 * Arguments of QEMU for a raw disk image whose writes are logged, as /dev/vda; with a boot index the firmware starts it when nothing with a
 * lower one starts. Both files must exist, the log larger than what comes.
 */
export function loggedDisk(image: string, log: string, bootIndex?: number): string[] {
  return [
    ['-blockdev', `driver=file,node-name=image,filename=${image},discard=unmap`],
    ['-blockdev', `driver=file,node-name=log,filename=${log}`],
    ['-blockdev', 'driver=blklogwrites,node-name=logged,file=image,log=log'],
    ['-device', `virtio-blk-pci,drive=logged${bootIndex === undefined ? '' : `,bootindex=${bootIndex}`}`],
  ].flat()
}

/** Reads a log (Linux, Documentation/admin-guide/device-mapper/log-writes.rst; QEMU, block/blklogwrites.c). */
export async function readLog(log: FileHandle): Promise<LoggedWrite[]> {
  const head = Buffer.alloc(512)
  await log.read(head, 0, 512, 0)
  if (head.readBigUInt64LE(0) !== MAGIC) throw new Error('no log of writes')
  const count = Number(head.readBigUInt64LE(16))
  const sector = head.readUInt32LE(24)
  const writes: LoggedWrite[] = []
  let at = sector
  for (let entry = 0; entry < count; entry++) {
    await log.read(head, 0, 32, at)
    const flags = head.readBigUInt64LE(16)
    const length = Number(head.readBigUInt64LE(8)) * sector
    const isDiscard = (flags & DISCARD) !== 0n
    at += sector
    writes.push({
      offset: Number(head.readBigUInt64LE(0)) * sector,
      length,
      flush: (flags & FLUSH) !== 0n,
      ...(!isDiscard && length > 0 && { data: at }),
    })
    if (!isDiscard) at += length
  }
  return writes
}

/** Does a write again, as far as its first `sectors` sectors; sectors are written whole or not at all. */
export async function replay(
  log: FileHandle,
  { offset, length, data }: LoggedWrite,
  image: FileHandle,
  sectors = Number.POSITIVE_INFINITY,
): Promise<void> {
  const block = Buffer.alloc(1 << 20)
  const end = Math.min(length, sectors * 512)
  for (let done = 0; done < end; done += block.length) {
    const part = block.subarray(0, Math.min(block.length, end - done))
    if (data === undefined) part.fill(0)
    else await log.read(part, 0, part.length, data + done)
    await image.write(part, 0, part.length, offset + done)
  }
}

/** Numbers that look drawn by chance and are the same for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) % 2 ** 32
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export async function withFiles<T>(
  image: string,
  log: string,
  use: (image: FileHandle, log: FileHandle) => Promise<T>,
): Promise<T> {
  const [first, second] = [await open(image, 'r+'), await open(log, 'r')]
  try {
    return await use(first, second)
  } finally {
    await first.close()
    await second.close()
  }
}
