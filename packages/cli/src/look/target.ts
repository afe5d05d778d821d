import { statSync } from 'node:fs'
import { fileSource } from '@ros/bytes/node'
import { directory, file, type TreeNode } from '@ros/tree'
import { CliError } from '../error.ts'
import type { ContainedImage, Container, ImagesContainer, TreeContainer } from './container.ts'
import { findImages } from './docker-save.ts'
import { hostStat } from './host-stat.ts'
import { isLayoutDirectory, openLayoutDirectory } from './oci-layout.ts'
import { openContainer } from './open.ts'
import type { Spool } from './spool.ts'
import { walk } from './walk.ts'

/** What `FILE:PATH:PATH…` names: a node, and the container that it stands in. */
export interface Place {
  /** As it was asked for, for messages. */
  readonly name: string
  readonly node: TreeNode
  /** Undefined for a file of the host. */
  readonly within?: TreeContainer | ImagesContainer
  /** Path in `within`, '' for its root or for a file of the host. */
  readonly path: string
  /** Directory of the host that is an OCI layout. */
  readonly layout?: string
}

export interface TargetOptions {
  /** Whether a symbolic link at the very end is followed; default 'follow'. */
  readonly last?: 'follow' | 'keep'
}

/**
 * Finds what a text names. Every colon leads into what stands before it; a colon at the end leads to the root of it. Names
 * that have colons themselves are found first. Throws `ROS_CLI_FILE`, `ROS_CLI_PATH`, `ROS_CLI_KIND`, and what readers throw.
 */
export async function findTarget(text: string, spool: Spool, options: TargetOptions = {}): Promise<Place> {
  const { path, rest } = hostFile(text)
  const { size } = statSync(path)
  if (isLayoutDirectory(path)) {
    const place: Place = { name: path, node: directory(), path: '', layout: path }
    return rest === undefined ? place : descend(place, rest, spool, options.last ?? 'follow')
  }
  const place: Place = { name: path, node: file(fileSource(path, { offset: 0, length: size })), path: '' }
  return rest === undefined ? place : descend(place, rest, spool, options.last ?? 'follow')
}

/** Opens a place as a container; undefined when it is none. */
export async function openPlace(place: Place, spool: Spool): Promise<Container | undefined> {
  if (place.layout !== undefined) return openLayoutDirectory(place.layout, spool)
  return place.node.type === 'file' ? openContainer(place.node.content, place.name, spool) : undefined
}

async function descend(place: Place, rest: string, spool: Spool, last: 'follow' | 'keep'): Promise<Place> {
  if (place.node.type !== 'file' && place.layout === undefined) {
    throw new CliError('ROS_CLI_KIND', `a ${place.node.type} has nothing inside`, { subject: place.name })
  }
  const container = await openPlace(place, spool)
  if (!container) throw notContainer(place.name)
  const name = `${place.name}:${rest}`
  if (container.type === 'content') {
    const inside: Place = { name, node: file(container.content), path: '' }
    if (rest === '') return inside
    throw notContainer(`${place.name} (${container.kind})`)
  }
  if (container.type === 'tree' || rest === '' || rest.startsWith('/'))
    return inTree(container, place.name, rest, spool, last)
  const { image, rest: path } = matchImage(container, rest, name)
  const opened = await image.open()
  const imageName = path === undefined ? name : name.slice(0, -path.length - 1)
  return inTree(opened, imageName, path ?? '', spool, last)
}

async function inTree(
  within: TreeContainer | ImagesContainer,
  container: string,
  rest: string,
  spool: Spool,
  last: 'follow' | 'keep',
): Promise<Place> {
  const trees = [within.tree, ...('partitions' in within && within.partitions ? [within.partitions] : [])]
  for (const tree of trees) {
    for (const { head, tail } of splits(rest)) {
      const found = walk(tree, head, tail === undefined ? last : 'follow')
      if (!found || (tree !== within.tree && found.path === '')) continue
      const place: Place = { name: `${container}:${head}`, node: found.node, within, path: found.path }
      return tail === undefined ? place : descend(place, tail, spool, last)
    }
  }
  throw new CliError('ROS_CLI_PATH', 'no such file inside', {
    subject: `${container}:${rest}`,
    got: nearest(within, rest),
  })
}

/** The whole text, then what is before each colon from the last to the first. */
function* splits(text: string): Generator<{ head: string; tail?: string }> {
  yield { head: text }
  for (let at = text.lastIndexOf(':'); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(':', at - 1))
    yield { head: text.slice(0, at), tail: text.slice(at + 1) }
}

function nearest({ tree }: TreeContainer | ImagesContainer, rest: string): string {
  const first = rest.split(':')[0] ?? ''
  const parts = first.split('/')
  for (let count = parts.length; count > 0; count--) {
    const found = walk(tree, parts.slice(0, count).join('/'))
    if (found) return `a ${found.node.type} at /${found.path}, nothing below it on that path`
  }
  return 'nothing'
}

/** The longest reference before a colon that images go by. */
function matchImage(
  { images }: ImagesContainer,
  text: string,
  name: string,
): { image: ContainedImage; rest?: string } {
  for (const { head, tail } of splits(text)) {
    const [image, ...more] = findImages(images, head)
    if (image && more.length === 0) return { image, ...(tail !== undefined && { rest: tail }) }
    if (image) {
      throw new CliError('ROS_CLI_PATH', 'several images go by that name', {
        subject: name,
        hint: `name one of ${tagList([image, ...more])}`,
      })
    }
  }
  throw new CliError('ROS_CLI_PATH', 'no such image in the archive', {
    subject: name,
    hint: `it holds ${tagList(images)}; members of the archive itself begin with a slash`,
  })
}

function tagList(images: readonly ContainedImage[]): string {
  return images.map(({ tags, id }) => tags[0] ?? id).join(', ') || 'no images'
}

/**
 * The file of the host, and what is asked for inside it: the whole text when there is such a file, else the shortest part. Throws `ROS_CLI_FILE`.
 */
export function hostFile(text: string): { path: string; rest?: string } {
  if (isFile(text)) return { path: text }
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const path = text.slice(0, at)
    if (path !== '' && isFile(path)) return { path, rest: text.slice(at + 1) }
  }
  throw new CliError('ROS_CLI_FILE', 'no such file', {
    subject: text.split(':')[0] || text,
    hint: 'targets are FILE, or FILE:PATH for what is inside',
  })
}

function isFile(path: string): boolean {
  return (hostStat(path)?.isFile() ?? false) || isLayoutDirectory(path)
}

export function notContainer(subject: string): CliError {
  return new CliError('ROS_CLI_KIND', 'not a file that can be looked into', {
    subject,
    limit:
      'ISO 9660, initrd (newc), docker-save, OCI layout, .deb, tar, disk images (MBR, GPT, qcow2) with FAT and ext4, and gzip, zstd, xz, lzma of them',
  })
}
