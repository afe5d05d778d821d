import { createHash } from 'node:crypto'
import { type ByteSource, encodeName, slice } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { crc64 } from './crc64.ts'
import { ImagesTarError } from './error.ts'
import type { LayerMember } from './layer-members.ts'
import { BLOCK } from './tar-header.ts'

const READ = 1_048_576

/** Kinds of entries, https://github.com/vbatts/tar-split, tar/storage/entry.go. */
const FILE = 1
const SEGMENT = 2

/**
 * What docker keeps of a layer's tar beside the unpacked files, so that `docker save` can put the same tar together
 * again (vbatts/tar-split, JSON lines): everything between the files' contents as it is, and of each content its name,
 * size and CRC-64. The whole tar is read once; one that is not `diffId` throws `ROS_IMAGES_TAR_DIGEST` at the end.
 */
export async function* tarSplit(
  tar: ByteSource,
  members: readonly LayerMember[],
  diffId: Digest,
): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder()
  const hash = createHash('sha256')
  let position = 0
  let read = 0
  const line = (entry: object) => encoder.encode(`${goJson({ ...entry, position: position++ })}\n`)
  const segment = async (end: number) => {
    const parts: Uint8Array[] = []
    for await (const chunk of chunks(tar, read, end)) {
      hash.update(chunk)
      parts.push(chunk.slice())
    }
    read = end
    return line({ type: SEGMENT, payload: Buffer.concat(parts).toString('base64') })
  }

  for (const { name, offset, size } of members) {
    yield await segment(offset)
    const crc = crc64()
    for await (const chunk of chunks(tar, offset, offset + size)) {
      hash.update(chunk)
      crc.update(chunk)
    }
    read = offset + size
    const payload = size > 0 ? Buffer.from(crc.digest()).toString('base64') : null
    yield line({ type: FILE, ...nameWords(name), ...(size > 0 && { size }), payload })
  }
  // Padding of the last content and the two blocks of zeros, then, as docker does it, the rest, if only as nothing.
  const end = Math.min(Math.ceil(read / BLOCK) * BLOCK + 2 * BLOCK, tar.size)
  if (end > read) yield await segment(end)
  yield await segment(tar.size)

  const got = `sha256:${hash.digest('hex')}`
  if (got !== diffId) {
    throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'layer has another digest than it goes by', {
      subject: 'layer',
      got,
      limit: diffId,
    })
  }
}

async function* chunks(tar: ByteSource, start: number, end: number): AsyncIterable<Uint8Array> {
  if (!tar.readInto) {
    yield* slice(tar, start, end - start).open()
    return
  }
  const buffer = new Uint8Array(Math.min(end - start, READ))
  for (let offset = start; offset < end; offset += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, end - offset))
    tar.readInto(part, offset)
    yield part
  }
}

/** Names that are not UTF-8 are kept as bytes. */
function nameWords(name: string): object {
  if (!/\p{Surrogate}/u.test(name)) return { name }
  return { name_raw: Buffer.from(encodeName(name)).toString('base64') }
}

/** JSON with the escapes of Go's encoder. */
function goJson(value: object): string {
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escape)
}
