import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type ByteSource, checkRange, shortError } from './byte-source.ts'

const CHUNK = 1_048_576

/**
 * A file, or part of one. The file is opened for each reading and closed after it, so that thousands of sources need
 * no open descriptors. Its length is taken now; a file that is shorter when it is read throws `ROS_BYTES_SHORT`.
 */
export function fileSource(
  path: string,
  range?: { readonly offset: number; readonly length: number },
): ByteSource {
  const start = range?.offset ?? 0
  const size = range?.length ?? statSync(path).size
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      checkRange(path, size, offset, length)
      const handle = await open(path, 'r')
      try {
        for (let done = 0; done < length; ) {
          const buffer = new Uint8Array(Math.min(CHUNK, length - done))
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, start + offset + done)
          if (bytesRead === 0) throw shortError(path, length, done)
          done += bytesRead
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await handle.close()
      }
    },
    readInto(target, offset) {
      checkRange(path, size, offset, target.length)
      const descriptor = openSync(path, 'r')
      try {
        for (let done = 0; done < target.length; ) {
          const count = readSync(descriptor, target, done, target.length - done, start + offset + done)
          if (count === 0) throw shortError(path, target.length, done)
          done += count
        }
      } finally {
        closeSync(descriptor)
      }
    },
  }
}
