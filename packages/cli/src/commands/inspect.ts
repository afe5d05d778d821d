import { command } from '../command.ts'
import type { Container, Facts } from '../look/container.ts'
import { listEntry } from '../look/listing.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, openPlace } from '../look/target.ts'
import { factsText } from '../look-print.ts'

/** `rancheros-kit inspect`: what a file is and what is known about it. `target`, `kind` and `size` are always there. */
export async function inspectCommand(target: string, spool: Spool): Promise<Facts> {
  const place = await findTarget(target, spool)
  const { node, within, path } = place
  if (within && node.type === 'directory' && path === '') return describe(target, within)
  const inside = await openPlace(place, spool)
  const size = node.type === 'file' ? node.content.size : 0
  if (inside) return describe(target, inside, size)
  if (!within) return { target, kind: 'file', size }
  const { path: _, ...entry } = listEntry(path, node)
  return { target, kind: node.type, size, path: `/${path}`, ...entry }
}

function describe(target: string, container: Container, size?: number): Facts {
  const compression = container.type === 'content' ? undefined : container.compression
  return {
    target,
    kind: container.kind,
    ...(size !== undefined && { size }),
    ...(compression && { compression }),
    ...container.facts,
  }
}

export const inspect = command({
  usage: 'inspect <target>',
  describe: 'tell what a file is: segments, volumes, boot entries, images',
  examples: [['$0 inspect initrd', 'segments and counts']],
  options: (y) => targetOptions(y),
  run: (args, context) =>
    inSpool(args.limit, context, async (spool) => {
      const facts = await inspectCommand(args.target, spool)
      return { data: facts, text: factsText(facts) }
    }),
})
