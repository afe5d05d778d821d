import type { ByteSource } from '@ros/bytes'
import type { Looked } from '../look/looked.ts'
import { openContainer } from '../look/open.ts'
import type { Spool } from '../look/spool.ts'
import { bytes } from '../picture/text.ts'
import { faultOf } from './kind.ts'
import { type Measured, measureLevel } from './level.ts'
import { type Opened, openedContainer, openedTarget } from './opened.ts'
import { whatIs } from './packing.ts'
import type { Level, Space, SpaceNode } from './space.ts'

/** Containers that are opened at most, in all and one in the other. */
const MAX_LEVELS = 40
const MAX_DEPTH = 6
/** Files of one container of which it is asked whether they are containers: the largest. */
const MAX_ASKED = 30

interface Waiting {
  readonly opened: Opened
  readonly depth: number
  readonly node?: SpaceNode
}

/**
 * What takes the space in what a target named, and in the containers in it. One that cannot be opened is a file with a
 * note. Throws `ROS_CLI_KIND` for what is no container, and the signal's reason.
 */
export async function measureSpace(target: string, looked: Looked, spool: Spool): Promise<Space> {
  const first = await openedTarget(target, looked, spool)
  const waiting: Waiting[] = []
  const inside = new Map<string, Level>()
  const outside = new Map<string, SpaceNode>()
  const notes = new Map<string, string>()
  let count = 0
  const measure = async ({ opened, depth, node }: Waiting): Promise<Level> => {
    count++
    const measured = await measureLevel(`level-${count}`, opened, notes)
    const { level } = measured
    if (node) {
      inside.set(node.id, level)
      outside.set(level.id, node)
    }
    const room = () => depth < MAX_DEPTH && count + waiting.length < MAX_LEVELS
    for (const { node: part, content } of room() ? largestFiles(measured) : []) {
      if (!room()) break
      const found = await openNested(content, `${level.name}:/${part.path}`, spool)
      if (typeof found === 'string') notes.set(part.id, found)
      else if (found) waiting.push({ opened: found, depth: depth + 1, node: part })
    }
    return level
  }
  const levels: [Level, ...Level[]] = [await measure({ opened: first, depth: 0 })]
  for (let next = waiting.shift(); next; next = waiting.shift()) levels.push(await measure(next))
  return { levels, inside, outside, notes }
}

function largestFiles({ level, contents }: Measured): { node: SpaceNode; content: ByteSource }[] {
  const found: { node: SpaceNode; content: ByteSource }[] = []
  const visit = (node: SpaceNode) => {
    const content = contents.get(node.id)
    // The first sector of a kernel looks like one of a disk.
    if (content && node.kind !== 'program') found.push({ node, content })
    node.children.forEach(visit)
  }
  level.nodes.forEach(visit)
  return found.sort((a, b) => b.node.size - a.node.size).slice(0, MAX_ASKED)
}

/** A container, words for what is none, or nothing. */
async function openNested(
  content: ByteSource,
  name: string,
  spool: Spool,
): Promise<Opened | string | undefined> {
  try {
    const container = await openContainer(content, name, spool)
    if (container?.type === 'content')
      return `${whatIs(container)}, ${bytes(container.content.size)} unpacked`
    return container && (await openedContainer(container, name, content, spool))
  } catch (error) {
    spool.signal.throwIfAborted()
    // What is damaged, or not what its first bytes say, takes its space all the same.
    const fault = faultOf(error)
    if (fault === undefined) throw error
    return `not opened: ${fault}`
  }
}
