import { BytesError } from './error.ts'

/**
 * Sized, re-openable bytes: a file, a slice of one, bytes in memory, a cached blob. A writer learns the size before it
 * writes one byte, and may read the content as often as it likes; every reading gives the same bytes.
 */
export interface ByteSource {
  /** Length in bytes, a safe integer. */
  readonly size: number
  /** Bytes `offset` … `offset + length` (default: to the end), in chunks of any length, none empty. */
  open(offset?: number, length?: number): AsyncIterable<Uint8Array>
  /**
   * Fast path, present where the bytes are reachable without waiting: fills the whole of `target` from `offset`, or
   * throws `ROS_BYTES_SHORT`. Writers use it to read straight into their output buffer.
   */
  readInto?(target: Uint8Array, offset: number): void
}

/** Throws `ROS_BYTES_RANGE` unless `offset` … `offset + length` lies inside `source`. */
export function checkRange(subject: string, size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!whole || offset + length > size) {
    throw new BytesError('ROS_BYTES_RANGE', 'range outside the source', {
      subject,
      got: `${offset}+${length}`,
      limit: `size ${size}`,
    })
  }
}

/** Bytes in memory. The array is not copied: it must not change afterwards. */
export function fromBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async *open(offset = 0, length = bytes.length - offset) {
      checkRange('bytes in memory', bytes.length, offset, length)
      if (length > 0) yield bytes.subarray(offset, offset + length)
    },
    readInto(target, offset) {
      checkRange('bytes in memory', bytes.length, offset, target.length)
      target.set(bytes.subarray(offset, offset + target.length))
    },
  }
}

/** Text as UTF-8. */
export function fromText(text: string): ByteSource {
  return fromBytes(new TextEncoder().encode(text))
}

/** `length` zero bytes, made as they are read: cheap at any size. */
export function zeros(length: number): ByteSource {
  checkRange('zeros', Number.MAX_SAFE_INTEGER, 0, length)
  const block = new Uint8Array(Math.min(length, 65_536))
  return {
    size: length,
    async *open(offset = 0, count = length - offset) {
      checkRange('zeros', length, offset, count)
      for (let left = count; left > 0; left -= block.length)
        yield block.subarray(0, Math.min(left, block.length))
    },
    readInto(target, offset) {
      checkRange('zeros', length, offset, target.length)
      target.fill(0)
    },
  }
}

/** Part of another source, which is read only where the part lies. */
export function slice(source: ByteSource, start: number, size: number): ByteSource {
  checkRange('slice', source.size, start, size)
  const readInto = source.readInto?.bind(source)
  return {
    size,
    open(offset = 0, length = size - offset) {
      checkRange('slice', size, offset, length)
      return source.open(start + offset, length)
    },
    ...(readInto && {
      readInto(target: Uint8Array, offset: number) {
        checkRange('slice', size, offset, target.length)
        readInto(target, start + offset)
      },
    }),
  }
}

/** Sources one after the other, as one. */
export function concat(parts: readonly ByteSource[]): ByteSource {
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      checkRange('concatenation', size, offset, length)
      let start = 0
      for (const part of parts) {
        const from = Math.max(offset - start, 0)
        const to = Math.min(offset + length - start, part.size)
        if (from < to) yield* part.open(from, to - from)
        start += part.size
      }
    },
  }
}

/** The whole content in one array. Throws `ROS_BYTES_LIMIT` above `limit` bytes, `ROS_BYTES_SHORT` when cut. */
export async function readAll(source: ByteSource, limit: number): Promise<Uint8Array> {
  if (source.size > limit) {
    throw new BytesError('ROS_BYTES_LIMIT', 'content is too large to read at once', {
      subject: 'source',
      got: `${source.size} bytes`,
      limit: `${limit} bytes`,
    })
  }
  const whole = new Uint8Array(source.size)
  let filled = 0
  for await (const chunk of source.open()) {
    if (filled + chunk.length > whole.length) throw shortError('source', whole.length, filled + chunk.length)
    whole.set(chunk, filled)
    filled += chunk.length
  }
  if (filled !== whole.length) throw shortError('source', whole.length, filled)
  return whole
}

/** A stream's bytes in one array. Throws `ROS_BYTES_LIMIT` as soon as more than `limit` bytes have come. */
export async function collect(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > limit) {
      throw new BytesError('ROS_BYTES_LIMIT', 'stream is longer than allowed', {
        subject: 'stream',
        got: `${size} bytes or more`,
        limit: `${limit} bytes`,
      })
    }
    parts.push(chunk)
  }
  const whole = new Uint8Array(size)
  let filled = 0
  for (const part of parts) {
    whole.set(part, filled)
    filled += part.length
  }
  return whole
}

/** The `ROS_BYTES_SHORT` of a source that gave `got` bytes where its size said `expected`. */
export function shortError(subject: string, expected: number, got: number): BytesError {
  return new BytesError('ROS_BYTES_SHORT', 'content has another length than its size', {
    subject,
    got: `${got} bytes`,
    limit: `${expected} bytes`,
  })
}
