import type { ByteSource } from '@ros/bytes'
import { DiskError } from './error.ts'

/** The same bytes; `ROS_DISK_CONTENT` is thrown where they are more or fewer than asked for, or cannot be read. */
export function checkedContent(source: ByteSource, subject: string): ByteSource {
  return {
    size: source.size,
    async *open(offset = 0, length = source.size - offset) {
      let size = 0
      for await (const chunk of opened(source, subject, offset, length)) {
        size += chunk.length
        if (size > length) throw lengthError(subject, size, length)
        yield chunk
      }
      if (size !== length) throw lengthError(subject, size, length)
    },
  }
}

async function* opened(
  source: ByteSource,
  subject: string,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source.open(offset, length)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new DiskError('ROS_DISK_CONTENT', `content cannot be read: ${problem}`, { subject, cause })
  }
}

function lengthError(subject: string, got: number, limit: number): DiskError {
  return new DiskError('ROS_DISK_CONTENT', 'content has another length than when the volume was laid out', {
    subject,
    got: `${got} bytes`,
    limit: `${limit} bytes`,
  })
}
