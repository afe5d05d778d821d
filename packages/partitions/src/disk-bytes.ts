import { type ByteSource, collect } from '@ros/bytes'
import { PartitionsError } from './error.ts'

/** Bytes of a disk; undefined where it has not all of them. Throws `ROS_PARTITIONS_CONTENT` when it cannot be read. */
export async function diskBytes(
  disk: ByteSource,
  offset: number,
  size: number,
): Promise<Uint8Array | undefined> {
  if (offset < 0 || !Number.isSafeInteger(offset + size) || offset + size > disk.size) return undefined
  try {
    return await collect(disk.open(offset, size), size)
  } catch (cause) {
    throw new PartitionsError('ROS_PARTITIONS_CONTENT', 'disk cannot be read', {
      subject: `byte ${offset}`,
      cause,
      ...(cause instanceof Error && { got: cause.message }),
    })
  }
}
