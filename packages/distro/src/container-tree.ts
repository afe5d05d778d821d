import { type ByteSource, limited, readAll, slice } from '@ros/bytes'
import { decompress, detectFormat, MAGIC_SIZE } from '@ros/compress'
import { debTree, readTar } from '@ros/debian'
import { readInitrd } from '@ros/initrd'
import { readIso } from '@ros/iso'
import type { Store, StoredSource } from '@ros/store'
import type { Tree } from '@ros/tree'
import { DistroError } from './error.ts'

/** More than any kernel, initrd or ISO of ours decompresses to: what goes on beyond it is meant to fill the disk. */
const CONTENT_LIMIT = 8 * 1024 ** 3

/**
 * The tree that is in an ISO, an initrd, a tar or a `.deb`, told by its bytes. What is compressed is decompressed into
 * the store once. Throws `ROS_DISTRO_CONTAINER` for anything else, and what the readers throw.
 */
export async function containerTree(store: Store, source: StoredSource, name: string): Promise<Tree> {
  const head = await firstBytes(source, 512)
  const magic = latin1(head.subarray(0, 8))
  if (magic === '!<arch>\n') return debTree(store, { name, digest: source.digest, size: source.size })
  if (await isIso(source)) return (await readIso(source)).tree
  const format = detectFormat(head.subarray(0, MAGIC_SIZE))
  const first = format === undefined ? head : await firstDecompressed(source, format)
  if (/^07070[12]/.test(latin1(first))) return initrdTree(store, source, name)
  const plain = await plainContent(store, source)
  if (latin1(await firstBytes(slice(plain, 0, Math.min(plain.size, 263)), 263)).slice(257, 262) === 'ustar')
    return readTar(plain, name, { twice: 'last' })
  throw new DistroError('ROS_DISTRO_CONTAINER', 'not a container that can be looked into', {
    subject: name,
    limit: 'ISO 9660, initrd (newc), tar or .deb, plain or compressed with gzip, xz, zstd or lzma',
  })
}

/** Content without its compression, decompressed into the store once. */
export async function plainContent(store: Store, source: StoredSource): Promise<StoredSource> {
  const format = detectFormat(await firstBytes(source, MAGIC_SIZE))
  if (format === undefined) return source
  return store.derived(`decompressed ${source.digest}`, () =>
    limited(decompress(source.open(), format), CONTENT_LIMIT, (size) => tooLarge(source.digest, size)),
  )
}

async function initrdTree(store: Store, source: StoredSource, name: string): Promise<Tree> {
  const { tree } = await readInitrd(source, {
    store: (chunks) => store.take(limited(chunks, CONTENT_LIMIT, (size) => tooLarge(name, size))),
  })
  return tree
}

function tooLarge(subject: string, size: number): DistroError {
  return new DistroError('ROS_DISTRO_LIMIT', 'decompressed content is larger than any input may be', {
    subject,
    got: `${size} bytes or more`,
    limit: `${CONTENT_LIMIT} bytes`,
  })
}

async function isIso(source: ByteSource): Promise<boolean> {
  const offset = 16 * 2048 + 1
  if (source.size < offset + 5) return false
  return latin1(await readAll(slice(source, offset, 5), 5)) === 'CD001'
}

async function firstBytes(source: ByteSource, count: number): Promise<Uint8Array> {
  const length = Math.min(count, source.size)
  return readAll(slice(source, 0, length), length)
}

async function firstDecompressed(
  source: ByteSource,
  format: NonNullable<ReturnType<typeof detectFormat>>,
): Promise<Uint8Array> {
  for await (const chunk of decompress(source.open(), format))
    if (chunk.length >= 6) return chunk.subarray(0, 6)
  return new Uint8Array()
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
