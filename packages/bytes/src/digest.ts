import { createHash } from 'node:crypto'
import type { ByteSource } from './byte-source.ts'
import { BytesError } from './error.ts'

/** `sha256:` and 64 lower-case hexadecimal digits, as OCI writes digests (image-spec, descriptor.md §Digests). */
export type Digest = `sha256:${string}`

/** Throws `ROS_BYTES_DIGEST` unless `text` is a SHA-256 digest in OCI's form. */
export function checkDigest(text: string, subject: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) {
    throw new BytesError('ROS_BYTES_DIGEST', 'not a SHA-256 digest', {
      subject,
      got: JSON.stringify(text),
      limit: 'sha256: and 64 lower-case hexadecimal digits',
    })
  }
  return text as Digest
}

/** Digest of a source's whole content, read in 1 MiB steps where the source allows. */
export async function sha256(source: ByteSource): Promise<Digest> {
  const hash = createHash('sha256')
  if (source.readInto) {
    const buffer = new Uint8Array(Math.min(source.size, 1_048_576))
    for (let offset = 0; offset < source.size; offset += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, source.size - offset))
      source.readInto(part, offset)
      hash.update(part)
    }
  } else {
    for await (const chunk of source.open()) hash.update(chunk)
  }
  return `sha256:${hash.digest('hex')}`
}

/** SHA-256 of a text as UTF-8. */
export function sha256Text(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/**
 * The same chunks, proven: the end of the stream is reached only when size and digest agree, else
 * `ROS_BYTES_DIGEST` is thrown there. More bytes than expected throw at once.
 */
export async function* withDigest(
  chunks: AsyncIterable<Uint8Array>,
  expected: { readonly digest: Digest; readonly size?: number },
  subject: string,
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (expected.size !== undefined && size > expected.size) break
    hash.update(chunk)
    yield chunk
  }
  if (expected.size !== undefined && size !== expected.size) {
    throw new BytesError('ROS_BYTES_DIGEST', 'content has another size than its digest was made for', {
      subject,
      got: `${size}${size > expected.size ? ' or more' : ''} bytes`,
      limit: `${expected.size} bytes`,
      hint: 'the download was cut or the source has changed: try again',
    })
  }
  const got: Digest = `sha256:${hash.digest('hex')}`
  if (got !== expected.digest) {
    throw new BytesError('ROS_BYTES_DIGEST', 'content has another digest', {
      subject,
      got,
      limit: expected.digest,
      hint: 'what was fetched is not what was pinned: do not use it',
    })
  }
}
