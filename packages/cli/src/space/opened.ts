import { basename, resolve } from 'node:path'
import type { ByteSource } from '@ros/bytes'
import { IsoError, readSectors, type SectorRun } from '@ros/iso'
import type { Tree } from '@ros/tree'
import type { Container, ImagesContainer, TreeContainer } from '../look/container.ts'
import type { Looked } from '../look/looked.ts'
import type { Spool } from '../look/spool.ts'
import { notContainer } from '../look/target.ts'
import { layerNames } from './layer-names.ts'
import { PARTITION } from './node-text.ts'
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
  /** Of an ISO: its bytes, the partitions beside it, and who owns its sectors. */
  readonly iso?: {
    readonly source: ByteSource
    readonly partitions?: Tree
    readonly sectors?: readonly SectorRun[]
  }
  /** Words for members that have no good names. */
  readonly labels?: ReadonlyMap<string, string>
}

/** What a target named, as it is measured. Throws `ROS_CLI_KIND` for what is no container. */
export async function openedTarget(target: string, looked: Looked, spool: Spool): Promise<Opened> {
  if (looked.type === 'directory')
    return { name: basename(resolve(target)), what: 'directory', tree: looked.tree, at: '' }
  const { place, container } = looked
  const { node, within, path } = place
  const name = shortName(place.name)
  if (within && node.type === 'directory') {
    const what = path === '' ? whatIs(within) : `directory of ${whatIs(within)}`
    return { name, what, tree: within.tree, at: path, ...(path === '' && (await labelsOf(within))) }
  }
  if (!container || container.type === 'content') throw notContainer(place.name)
  return openedContainer(
    container,
    name,
    node.type === 'file' && place.layout === undefined ? node.content : undefined,
    spool,
  )
}

/** Without the directories of the host: they say nothing of what is inside. */
function shortName(name: string): string {
  const end = name.indexOf(':')
  const host = end < 0 ? name : name.slice(0, end)
  return basename(host) + name.slice(host.length)
}

/**
 * A container as it is measured; `source` is the file that it is. Of a damaged ISO that is read as far as it can be, the sectors may stay
 * unknown.
 */
export async function openedContainer(
  container: TreeContainer | ImagesContainer,
  name: string,
  source: ByteSource | undefined,
  spool: Spool,
): Promise<Opened> {
  const whole = source && packingOf(container) === undefined
  return {
    name,
    what: whatIs(container),
    tree: container.tree,
    at: '',
    ...(source && { stored: source.size }),
    ...(whole && { rest: restOf(container.kind) }),
    ...(whole && container.kind === 'iso' && { iso: await isoOf(container, source, spool) }),
    ...(await labelsOf(container)),
  }
}

async function isoOf(
  container: TreeContainer,
  source: ByteSource,
  spool: Spool,
): Promise<NonNullable<Opened['iso']>> {
  const partitions = container.partitions && { partitions: container.partitions }
  try {
    return { source, sectors: await readSectors(source), ...partitions }
  } catch (error) {
    if (!(spool.lenient && error instanceof IsoError)) throw error
    spool.problems.push(`sectors: ${error.message}`)
    return { source, ...partitions }
  }
}

async function labelsOf(container: Container): Promise<Pick<Opened, 'labels'>> {
  if (container.type === 'images') return { labels: await layerNames(container.tree) }
  if (container.kind !== 'disk') return {}
  return { labels: new Map([...container.tree].map(({ path }) => [path, PARTITION])) }
}
