import { type ByteSource, collect } from '@ros/bytes'
import { Tree, type TreeNode } from '@ros/tree'
import type { Container, Facts, ImagesContainer, TreeContainer } from './container.ts'
import { openContainer } from './open.ts'
import type { Spool } from './spool.ts'

/** Kinds of difference; `encoding` is bytes that differ around contents that do not. */
export type DifferenceKind =
  | 'only-a'
  | 'only-b'
  | 'type'
  | 'mode'
  | 'owner'
  | 'mtime'
  | 'xattrs'
  | 'target'
  | 'device'
  | 'size'
  | 'content'
  | 'field'
  | 'encoding'

/** One difference; stable for `--json`. */
export interface Difference {
  /** From the top: `:/boot/initrd:/etc/passwd`; '' is the compared files themselves. */
  readonly path: string
  readonly difference: DifferenceKind
  /** Name of the field, with `field`. */
  readonly field?: string
  readonly a?: unknown
  readonly b?: unknown
}

const STEP = 1_048_576

/** Names what differs between two files, as deep inside as both can be opened. Nothing comes for equal bytes only. */
export async function* compareSources(
  a: ByteSource,
  b: ByteSource,
  path: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  if (await sameBytes(a, b, spool.signal)) return
  const [left, right] = [await tryOpen(a, path, spool), await tryOpen(b, path, spool)]
  if (left instanceof Damage || right instanceof Damage) {
    const kind = (opened: typeof left) =>
      opened instanceof Damage ? opened.reason : (opened?.kind ?? 'file')
    yield { path, difference: 'content', a: kind(left), b: kind(right) }
    return
  }
  if (!left || !right || !comparable(left, right)) {
    if (left?.kind !== right?.kind)
      yield { path, difference: 'type', a: left?.kind ?? 'file', b: right?.kind ?? 'file' }
    else if (a.size !== b.size) yield { path, difference: 'size', a: a.size, b: b.size }
    else yield { path, difference: 'content' }
    return
  }
  let count = 0
  for await (const difference of compareContainers(left, right, path, spool)) {
    count++
    yield difference
  }
  if (count === 0) yield { path, difference: 'encoding', a: a.size, b: b.size }
}

/** Containers of one kind, compressed files of any, and images however they are packed. */
function comparable(a: Container, b: Container): boolean {
  return a.type === b.type && (a.kind === b.kind || a.type !== 'tree')
}

/** Why a file that begins like a container could not be opened. */
class Damage {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

async function tryOpen(
  source: ByteSource,
  path: string,
  spool: Spool,
): Promise<Container | Damage | undefined> {
  try {
    return await openContainer(source, path, spool)
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const own = typeof code === 'string' && code.startsWith('ROS_')
    // No space, or no patience, is no property of the file.
    if (!own || code === 'ROS_CLI_LIMIT' || code === 'ROS_CLI_INTERRUPTED' || code === 'ROS_BYTES_WRITE')
      throw error
    return new Damage((error as Error).message)
  }
}

async function* compareContainers(
  a: Container,
  b: Container,
  path: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  if (a.type === 'content' && b.type === 'content')
    yield* compareSources(a.content, b.content, `${path}:`, spool)
  else if (a.type === 'images' && b.type === 'images') yield* compareImages(a, b, path, spool)
  else if (a.type === 'tree' && b.type === 'tree') yield* compareTrees(a, b, path, spool)
}

export async function* compareImages(
  a: ImagesContainer,
  b: ImagesContainer,
  path: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  const named = ({ images }: ImagesContainer) =>
    new Map(
      images.flatMap((image) => (image.tags.length > 0 ? image.tags : [image.id]).map((tag) => [tag, image])),
    )
  const [left, right] = [named(a), named(b)]
  const compared = new Set<string>()
  for (const tag of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [one, other] = [left.get(tag), right.get(tag)]
    const at = `${path}:${tag}`
    if (!one || !other) {
      yield { path: at, difference: one ? 'only-a' : 'only-b' }
      continue
    }
    // Several tags of one image are one comparison.
    const pair = `${one.id} ${other.id}`
    if (one.id === other.id || compared.has(pair)) continue
    compared.add(pair)
    let count = 0
    for await (const difference of compareTrees(await one.open(), await other.open(), at, spool)) {
      count++
      yield difference
    }
    if (count === 0) yield { path: at, difference: 'encoding', a: one.id, b: other.id }
  }
}

/** As `compareSources`, for what has no bytes of its own, such as an image. */
export async function* compareTrees(
  a: TreeContainer,
  b: TreeContainer,
  path: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  yield* compareFields(a.compared, b.compared, path)
  yield* compareNodes(a.tree.root, b.tree.root, `${path}:/`, spool)
  yield* comparePaths(a.tree, b.tree, `${path}:/`, spool)
  yield* comparePaths(a.partitions ?? new Tree(), b.partitions ?? new Tree(), `${path}:`, spool)
}

async function* comparePaths(
  a: Tree,
  b: Tree,
  prefix: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  for (const name of pathsOf(a, b)) {
    spool.signal.throwIfAborted()
    const [left, right] = [a.get(name), b.get(name)]
    const at = `${prefix}${name}`
    if (left && right) yield* compareNodes(left, right, at, spool)
    else yield { path: at, difference: left ? 'only-a' : 'only-b' }
  }
}

/** Paths of both, in order; of what only one has, the topmost only. */
function* pathsOf(a: Tree, b: Tree): Generator<string> {
  const both = [...new Set([...a, ...b].map(({ path }) => path))].sort((x, y) => (x < y ? -1 : 1))
  const skipped = new Set<string>()
  for (const path of both) {
    const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
    if (skipped.has(parent)) skipped.add(path)
    else {
      if (a.has(path) !== b.has(path)) skipped.add(path)
      yield path
    }
  }
}

function* compareFields(a: Facts, b: Facts, path: string): Generator<Difference> {
  for (const field of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    if (canonical(a[field]) === canonical(b[field])) continue
    yield { path, difference: 'field', field, a: a[field], b: b[field] }
  }
}

async function* compareNodes(
  a: TreeNode,
  b: TreeNode,
  path: string,
  spool: Spool,
): AsyncGenerator<Difference, void> {
  const octal = (mode: number) => mode.toString(8).padStart(4, '0')
  if (a.type !== b.type) {
    yield { path, difference: 'type', a: a.type, b: b.type }
    return
  }
  if (a.mode !== b.mode) yield { path, difference: 'mode', a: octal(a.mode), b: octal(b.mode) }
  if (a.uid !== b.uid || a.gid !== b.gid)
    yield { path, difference: 'owner', a: `${a.uid}/${a.gid}`, b: `${b.uid}/${b.gid}` }
  if (a.mtime !== b.mtime) yield { path, difference: 'mtime', a: a.mtime, b: b.mtime }
  const [left, right] = [xattrText(a), xattrText(b)]
  if (canonical(left) !== canonical(right)) yield { path, difference: 'xattrs', a: left, b: right }
  if (a.type === 'symlink' && b.type === 'symlink' && a.target !== b.target)
    yield { path, difference: 'target', a: a.target, b: b.target }
  if ('major' in a && 'major' in b && (a.major !== b.major || a.minor !== b.minor))
    yield { path, difference: 'device', a: `${a.major}:${a.minor}`, b: `${b.major}:${b.minor}` }
  if (a.type === 'file' && b.type === 'file') yield* compareSources(a.content, b.content, path, spool)
}

function xattrText({ xattrs }: TreeNode): Record<string, string> {
  return Object.fromEntries(
    [...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
  )
}

/** JSON whose objects have their keys in one order. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
        : item,
    ) ?? ''
  )
}

async function sameBytes(a: ByteSource, b: ByteSource, signal: AbortSignal): Promise<boolean> {
  if (a.size !== b.size) return false
  for (let offset = 0; offset < a.size; offset += STEP) {
    signal.throwIfAborted()
    const length = Math.min(STEP, a.size - offset)
    const [left, right] = [
      await collect(a.open(offset, length), length),
      await collect(b.open(offset, length), length),
    ]
    if (Buffer.compare(left, right) !== 0) return false
  }
  return true
}
