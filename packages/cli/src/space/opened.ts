import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { ByteSource } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import type { Container, ImagesContainer, TreeContainer } from '../look/container.ts'
import { hostDirectory } from '../look/host-directory.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, notContainer, openPlace } from '../look/target.ts'
import { layerNames } from './layer-names.ts'
import { packingOf, restOf, whatIs } from './packing.ts'

/** A container, or a directory of one, that is to be measured. */
export interface Opened {
  readonly name: string
  readonly what: string
  readonly tree: Tree
  /** Directory of `tree` that is meant, '' for all of it. */
  readonly at: string
  /** Bytes of the container; undefined for a directory. */
  readonly stored?: number
  /** What bytes that no file has are for; undefined where files are not in it as they are, and for a directory. */
  readonly rest?: string
  /** Of an ISO: its bytes, and the partitions beside it. */
  readonly iso?: { readonly source: ByteSource; readonly partitions?: Tree }
  /** Words for members that have no good names. */
  readonly labels?: ReadonlyMap<string, string>
}

/** What a target names. Throws `ROS_CLI_KIND` for what is no container, and what `findTarget` throws. */
export async function openTarget(target: string, spool: Spool): Promise<Opened> {
  const directory = statSync(target, { throwIfNoEntry: false })?.isDirectory()
    ? hostDirectory(target)
    : undefined
  if (directory) return { name: basename(resolve(target)), what: 'directory', tree: directory, at: '' }
  const place = await findTarget(target, spool)
  const { node, within, path } = place
  const name = shortName(place.name)
  if (within && node.type === 'directory') {
    const what = path === '' ? whatIs(within) : `directory of ${whatIs(within)}`
    return { name, what, tree: within.tree, at: path, ...(path === '' && (await labelsOf(within))) }
  }
  const container = await openPlace(place, spool)
  if (!container || container.type === 'content') throw notContainer(place.name)
  return openedContainer(container, name, node.type === 'file' ? node.content : undefined)
}

/** Without the directories of the host: they say nothing of what is inside. */
function shortName(name: string): string {
  const end = name.indexOf(':')
  const host = end < 0 ? name : name.slice(0, end)
  return basename(host) + name.slice(host.length)
}

/** A container as it is measured; `source` is the file that it is. */
export async function openedContainer(
  container: TreeContainer | ImagesContainer,
  name: string,
  source: ByteSource | undefined,
): Promise<Opened> {
  const whole = source && packingOf(container) === undefined
  return {
    name,
    what: whatIs(container),
    tree: container.tree,
    at: '',
    ...(source && { stored: source.size }),
    ...(whole && { rest: restOf(container.kind) }),
    ...(whole && container.kind === 'iso' && { iso: isoOf(container, source) }),
    ...(await labelsOf(container)),
  }
}

function isoOf(container: TreeContainer, source: ByteSource): NonNullable<Opened['iso']> {
  return { source, ...(container.partitions && { partitions: container.partitions }) }
}

async function labelsOf(container: Container): Promise<Pick<Opened, 'labels'>> {
  return container.type === 'images' ? { labels: await layerNames(container.tree) } : {}
}
