import { describeAreas, readSectors, type SectorRun } from '@ros/iso'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import type { Container, Facts } from '../look/container.ts'
import { isIso } from '../look/disk.ts'
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

/** `inspect --sectors`: who owns each sector of an ISO. Throws `ROS_CLI_KIND` for what is none. */
export async function sectorsCommand(target: string, spool: Spool): Promise<SectorRun[]> {
  const { node, name } = await findTarget(target, spool)
  if (node.type === 'file' && (await isIso(node.content))) return readSectors(node.content)
  throw new CliError('ROS_CLI_KIND', 'only an ISO 9660 image has sectors with owners', { subject: name })
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
  examples: [
    ['$0 inspect initrd', 'segments and counts'],
    ['$0 inspect --sectors rancheros.iso', 'first and last sector, bytes in use, owner'],
  ],
  options: (y) =>
    targetOptions(y).option('sectors', {
      type: 'boolean',
      default: false,
      describe: 'of an ISO: who owns each sector',
    }),
  run: (args, context) =>
    inSpool(
      args.limit,
      context,
      async (spool) => {
        if (args.sectors) {
          const sectors = await sectorsCommand(args.target, spool)
          return { data: { target: args.target, sectors }, text: describeAreas(sectors) }
        }
        const facts = await inspectCommand(args.target, spool)
        return { data: facts, text: factsText(facts) }
      },
      args.lenient,
    ),
})
