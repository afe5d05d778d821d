import { type ByteSource, collect } from '@ros/bytes'
import { DiskError } from './error.ts'

/** Bytes of a source that is not trusted. Throws `ROS_DISK_FORMAT` outside it, `ROS_DISK_CONTENT` when it cannot be read. */
export async function readBytes(
  source: ByteSource,
  offset: number,
  size: number,
  subject: string,
): Promise<Uint8Array> {
  if (offset + size > source.size) {
    throw new DiskError('ROS_DISK_FORMAT', 'lies outside the volume', {
      subject,
      got: `byte ${offset}, ${size} bytes`,
      limit: `volume of ${source.size} bytes`,
      hint: 'the image is cut or damaged',
    })
  }
  try {
    if (!source.readInto) return await collect(source.open(offset, size), size)
    const bytes = new Uint8Array(size)
    source.readInto(bytes, offset)
    return bytes
  } catch (cause) {
    throw new DiskError('ROS_DISK_CONTENT', 'volume cannot be read', {
      subject,
      cause,
      ...(cause instanceof Error && { got: cause.message }),
    })
  }
}

export function formatError(subject: string, problem: string, got?: string): DiskError {
  return new DiskError('ROS_DISK_FORMAT', problem, { subject, ...(got !== undefined && { got }) })
}
