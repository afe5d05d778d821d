import { command } from '../command.ts'
import type { Facts } from '../look/container.ts'
import { type ListedEntry, listEntry, listTree } from '../look/listing.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, notContainer, openPlace } from '../look/target.ts'
import { listingLines } from '../look-print.ts'

/** Result of `ls`; stable for `--json`. */
export interface Listing {
  readonly target: string
  /** What was listed: a kind of container, `directory`, or `file` for the target itself. */
  readonly kind: string
  readonly entries?: readonly ListedEntry[]
  readonly images?: readonly Facts[]
}

/** `rancheros-kit ls`: what is in a container, in a directory of one, or the line of what is neither. */
export async function lsCommand(target: string, recursive: boolean, spool: Spool): Promise<Listing> {
  const place = await findTarget(target, spool)
  const { node, within, path } = place
  if (node.type === 'directory' && within) {
    if (within.type === 'images' && path === '' && !/:\/[/.]*$/.test(target))
      return { target, kind: within.kind, images: within.images.map(({ facts }) => facts) }
    const kind = path === '' ? within.kind : 'directory'
    return { target, kind, entries: listTree(within.tree, path, recursive) }
  }
  const inside = await openPlace(place, spool)
  switch (inside?.type) {
    case 'tree':
      return { target, kind: inside.kind, entries: listTree(inside.tree, '', recursive) }
    case 'images':
      return { target, kind: inside.kind, images: inside.images.map(({ facts }) => facts) }
    case 'content':
    case undefined:
      if (!within && !inside) throw notContainer(target)
      return { target, kind: 'file', entries: [listEntry(path === '' ? target : path, node)] }
  }
}

export const ls = command({
  usage: 'ls <target>',
  describe: 'list what is in a file: ISO, initrd, docker-save, .deb, tar',
  examples: [['$0 ls -l rancheros.iso:/boot', 'what is on the ISO']],
  options: (y) =>
    targetOptions(y)
      .option('long', {
        alias: 'l',
        type: 'boolean',
        default: false,
        describe: 'type, mode, owner, size, time',
      })
      .option('recursive', { alias: 'R', type: 'boolean', default: false, describe: 'with all below' }),
  run: (args, context) =>
    inSpool(
      args.limit,
      context,
      async (spool) => {
        const listing = await lsCommand(args.target, args.recursive, spool)
        const lines = listingLines(listing, args.long)
        return { data: listing, text: lines.map((line) => `${line}\n`).join('') }
      },
      args.lenient,
    ),
})
