import { resolve } from 'node:path'
import { baseName, type TreeEntry } from '@ros/tree'
import { command } from '../command.ts'
import { type Extracted, extractEntries } from '../look/extract.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, notContainer, openPlace } from '../look/target.ts'
import { megabytes } from '../print.ts'

/**
 * `rancheros-kit extract`: what is in a container, or in a directory of one, into a directory of the host; or a single
 * file, link … under its own name. A container of the host is opened; one inside another is extracted as the file it
 * is, unless a colon follows it.
 */
export async function extractCommand(target: string, directory: string, spool: Spool): Promise<Extracted> {
  const place = await findTarget(target, spool, { last: 'keep' })
  const { node, within, path } = place
  const into = resolve(directory)
  if (within && node.type === 'directory') return extractEntries(below(within.tree, path), into, spool.signal)
  if (within) return extractEntries([{ path: baseName(path), node }], into, spool.signal)
  const inside = target.endsWith(':') ? undefined : await openPlace(place, spool)
  if (inside && inside.type !== 'content') return extractEntries(inside.tree, into, spool.signal)
  if (node.type !== 'file' || (!inside && !target.endsWith(':'))) throw notContainer(target)
  const content = inside ? inside.content : node.content
  const name = (baseName(place.name).split(':')[0] ?? '').replace(/\.(gz|zst|xz|lzma)$/, '')
  return extractEntries([{ path: name, node: { ...node, content } }], into, spool.signal)
}

function* below(entries: Iterable<TreeEntry>, directory: string): Generator<TreeEntry> {
  const prefix = directory === '' ? '' : `${directory}/`
  for (const { path, node } of entries)
    if (path.startsWith(prefix)) yield { path: path.slice(prefix.length), node }
}

export const extract = command({
  usage: 'extract <target> <directory>',
  describe: 'write what is inside a file into a directory, never outside it',
  examples: [['$0 extract images.tar:rancher/os-console:v1 root', 'the file system of an image']],
  options: (y) =>
    targetOptions(y).positional('directory', {
      type: 'string',
      demandOption: true,
      describe: 'made if it is not there',
    }),
  run: ({ target, directory, limit, lenient }, context) =>
    inSpool(
      limit,
      context,
      async (spool) => {
        const { written, bytes, skipped } = await extractCommand(target, directory, spool)
        for (const { path, reason } of skipped) context.output.note(`skipped: ${path}: ${reason}`)
        return {
          data: { target, directory, written, bytes, skipped },
          text: `${directory}: ${written.length} written, ${megabytes(bytes)}, ${skipped.length} skipped\n`,
        }
      },
      lenient,
    ),
})
