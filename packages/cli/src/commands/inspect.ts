import { resolve } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { describeAreas, readSectors, type SectorRun } from '@ros/iso'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { type Container, countNodes, type Facts } from '../look/container.ts'
import { isIso } from '../look/disk.ts'
import { hostStat } from '../look/host-stat.ts'
import { listEntry } from '../look/listing.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
import { type Looked, lookAt } from '../look/looked.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, hostFile } from '../look/target.ts'
import { factsText } from '../look-print.ts'
import { checkPicturePath } from '../picture/picture-path.ts'
import { measureSpace } from '../space/measure.ts'
import { spacePage } from '../space/page.ts'

/** `rancheros-kit inspect`: what a file is and what is known about it. `target`, `kind` and `size` are always there. */
export async function inspectCommand(target: string, spool: Spool): Promise<Facts> {
  return factsOf(target, await lookAt(target, spool))
}

function factsOf(target: string, looked: Looked): Facts {
  if (looked.type === 'directory') {
    const nodes = countNodes(looked.tree)
    return { target, kind: 'directory', size: nodes['contentBytes'], nodes }
  }
  const { place, container } = looked
  const { node, within, path } = place
  if (within && node.type === 'directory' && path === '') return describe(target, within)
  const size = node.type === 'file' ? node.content.size : 0
  if (container) return describe(target, container, size)
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

/**
 * `inspect --html`: as `inspectCommand`, and writes the picture of what takes the space. Throws `ROS_CLI_KIND` for what is no container,
 * and `ROS_CLI_USAGE` rather than to write over what is looked at.
 */
export async function spaceCommand(path: string, target: string, spool: Spool): Promise<Facts> {
  checkPicturePath('--html', path, hostStat(target) ?? hostStat(hostFile(target).path))
  const looked = await lookAt(target, spool)
  const page = spacePage(await measureSpace(target, looked, spool))
  await replaceFile(resolve(path), [new TextEncoder().encode(page)])
  return factsOf(target, looked)
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
    ['$0 inspect --html space.html rancheros.iso', 'a picture of what takes the space'],
    ['$0 inspect --sectors rancheros.iso', 'first and last sector, bytes in use, owner'],
  ],
  options: (y) =>
    targetOptions(y)
      .option('sectors', { type: 'boolean', default: false, describe: 'of an ISO: who owns each sector' })
      .option('html', {
        type: 'string',
        requiresArg: true,
        describe: 'write a picture of what takes the space to this HTML file',
      }),
  run: (args, context) =>
    inSpool(
      args.limit,
      context,
      async (spool) => {
        const facts = args.html === undefined ? undefined : await spaceCommand(args.html, args.target, spool)
        if (args.html !== undefined) context.output.note(`picture in ${args.html}`)
        if (args.sectors) {
          const sectors = await sectorsCommand(args.target, spool)
          return { data: { target: args.target, sectors }, text: describeAreas(sectors) }
        }
        const told = facts ?? (await inspectCommand(args.target, spool))
        return { data: told, text: factsText(told) }
      },
      args.lenient,
    ),
})
