import { type ByteSource, readAll, slice } from '@ros/bytes'
import { decompress, detectFormat, type Format, MAGIC_SIZE } from '@ros/compress'
import { ImagesTarError, isOciLayout, tarLayoutFiles } from '@ros/images-tar'
import type { Container } from './container.ts'
import { openDeb } from './deb.ts'
import { diskKind, isIso, openDisk } from './disk.ts'
import { isDockerSave, openDockerSave } from './docker-save.ts'
import { openInitrd } from './initrd.ts'
import { openIso } from './iso.ts'
import { isOciLayoutTree, openOciLayout } from './oci-layout.ts'
import type { Spool } from './spool.ts'
import { isTar, openTar } from './tar.ts'

const HEAD = 512
// Compressed once, twice … A file that decompresses to itself without end must not be followed.
const MAX_DEPTH = 4

/** Opens a file by what its first bytes are; `undefined` when it is no container. Errors are those of the readers. */
export async function openContainer(
  source: ByteSource,
  name: string,
  spool: Spool,
  depth = 0,
): Promise<Container | undefined> {
  spool.signal.throwIfAborted()
  const head = await firstBytes(source, HEAD)
  const format = detectFormat(head.subarray(0, MAGIC_SIZE))
  if (format !== undefined) return openCompressed(source, format, name, spool, depth)
  const magic = textOf(head.subarray(0, 8))
  if (/^07070[12]/.test(magic)) return openInitrd(source, name, spool)
  if (magic === '!<arch>\n' && textOf(head.subarray(8, 24)).startsWith('debian-binary'))
    return openDeb(source, name, spool)
  if (!isTar(head) || (await isIso(source))) return openDiskLike(source, name, spool, depth)
  const tar = await openTar(source, name)
  // Archives of docker 25 and later are both: docker itself reads them by manifest.json.
  if (isDockerSave(tar.tree)) return openDockerSave(source, tar.tree, name, spool)
  return isOciLayoutTree(tar.tree) ? openOciLayout(source, tar.tree, name, spool) : tar
}

async function openDiskLike(
  source: ByteSource,
  name: string,
  spool: Spool,
  depth: number,
): Promise<Container | undefined> {
  const kind = await diskKind(source)
  if (kind === undefined) return undefined
  if (kind === 'iso') return openIso(source, spool)
  const inner = (content: ByteSource) =>
    depth < MAX_DEPTH ? openContainer(content, name, spool, depth + 1) : Promise.resolve(undefined)
  return openDisk(source, kind, inner)
}

async function openCompressed(
  source: ByteSource,
  format: Format,
  name: string,
  spool: Spool,
  depth: number,
): Promise<Container> {
  // An initrd is not decompressed as a whole: other segments may follow the first.
  if (/^07070[12]/.test(textOf(await firstDecompressed(source, format, 6))))
    return openInitrd(source, name, spool)
  const content = await spool.store(decompress(source.open(), format), name)
  const inner = depth < MAX_DEPTH ? await openContainer(content, name, spool, depth + 1) : undefined
  if (inner && inner.type !== 'content') return { ...inner, compression: format }
  return { type: 'content', kind: format, content, facts: { compression: format, contentSize: content.size } }
}

async function firstBytes(source: ByteSource, count: number): Promise<Uint8Array> {
  const length = Math.min(count, source.size)
  return readAll(slice(source, 0, length), length)
}

async function firstDecompressed(source: ByteSource, format: Format, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count)
  let filled = 0
  for await (const chunk of decompress(source.open(), format)) {
    const part = chunk.subarray(0, count - filled)
    bytes.set(part, filled)
    filled += part.length
    if (filled === count) break
  }
  return bytes.subarray(0, filled)
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** A damaged tar is told of by the rules of docker-save archives. */
async function isLayoutTar(source: ByteSource): Promise<boolean> {
  try {
    return isOciLayout(await tarLayoutFiles(source))
  } catch (error) {
    if (error instanceof ImagesTarError) return false
    throw error
  }
}

/** Kinds of file that have rules. */
export type LintKind = 'iso' | 'initrd' | 'docker-save' | 'oci-layout' | 'disk' | 'fat'

const disks = new Map<unknown, LintKind>([
  ['partitions', 'disk'],
  ['qcow2', 'disk'],
  ['fat', 'fat'],
])

/**
 * Which rules a file is for, by its first bytes alone: it may be damaged further on. A tar is a docker-save archive
 * when nothing else is known of it, and compressed bytes are an initrd.
 */
export async function detectKind(source: ByteSource): Promise<LintKind | undefined> {
  const head = await firstBytes(source, HEAD)
  if (textOf(head.subarray(0, 6)).startsWith('0707')) return 'initrd'
  if (await isIso(source)) return 'iso'
  if (isTar(head)) return (await isLayoutTar(source)) ? 'oci-layout' : 'docker-save'
  const format = detectFormat(head.subarray(0, MAGIC_SIZE))
  if (format === undefined) return disks.get(await diskKind(source))
  if (format === 'lz4' || format === 'bzip2') return 'initrd'
  return isTar(await firstDecompressed(source, format, HEAD)) ? 'docker-save' : 'initrd'
}
