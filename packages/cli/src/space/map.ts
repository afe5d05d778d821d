import { bytes, escapeHtml, fitted, percent } from '../picture/text.ts'
import { fullName, shortName, whatText } from './node-text.ts'
import type { Level, Space, SpaceNode } from './space.ts'
import { type Rectangle, treemap } from './treemap.ts'

// Lengths are tenths of the picture's own units, which are CSS pixels where the page is wide enough.
const WIDTH = 9600
const HEIGHT = 5600
/** Room for a name, and what is left free around what is inside. */
const HEAD = 170
const EDGE = 20
/** What is smaller is not drawn; what is not twice as large is drawn, but is no link. */
const LEAST = 40
/** Narrower ones have no name. */
const NAME = 300
/** Rectangles of one map at most: the outer ones are placed first. */
const MAX_RECTANGLES = 420

interface Placed {
  readonly node: SpaceNode
  readonly level: Level
  readonly at: Rectangle
  readonly named: boolean
  readonly parts: Placed[]
}

/**
 * What takes the space in a container as SVG: each rectangle is a link to its row in a table. What is nested is drawn
 * in the rectangle of its container, scaled to it. Pure: the same space gives the same text.
 */
export function spaceMap(space: Space, level: Level): string {
  const whole: Rectangle = { x: 0, y: 0, width: WIDTH, height: HEIGHT }
  const top = place(space, level, level.nodes, whole)
  const waiting = [...top]
  let count = top.length
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const room = roomIn(next)
    if (!room || count >= MAX_RECTANGLES) continue
    const inner = space.inside.get(next.node.id)
    const parts = place(space, inner ?? next.level, inner?.nodes ?? next.node.children, room)
    next.parts.push(...parts)
    waiting.push(...parts)
    count += parts.length
  }
  const title = `What takes the space in ${level.name}`
  return [
    `<svg viewBox="0 0 ${n(WIDTH)} ${n(HEIGHT)}" width="${n(WIDTH)}" height="${n(HEIGHT)}" role="group" aria-label="${escapeHtml(title)}">`,
    ...top.flatMap((one) => draw(space, one)),
    '</svg>',
  ].join('\n')
}

function place(space: Space, level: Level, nodes: readonly SpaceNode[], within: Rectangle): Placed[] {
  const rectangles = treemap(
    nodes.map(({ size }) => size),
    within,
  )
  return nodes.flatMap((node, index) => {
    const at = rectangles[index]
    if (!at || at.width < LEAST || at.height < LEAST) return []
    const holds = node.children.length > 0 || space.inside.has(node.id)
    const named = at.width >= NAME && at.height >= HEAD + (holds ? 3 * EDGE : EDGE)
    return [{ node, level, at, named, parts: [] }]
  })
}

/** Where what is inside is drawn, if there is room. */
function roomIn({ at, named }: Placed): Rectangle | undefined {
  const head = named ? HEAD : EDGE
  const room = {
    x: at.x + EDGE,
    y: at.y + head,
    width: at.width - 2 * EDGE,
    height: at.height - head - EDGE,
  }
  return room.width >= 2 * LEAST && room.height >= 2 * LEAST ? room : undefined
}

function draw(space: Space, placed: Placed): string[] {
  const { node, level, at, named, parts } = placed
  const opened = space.inside.has(node.id)
  const kind = opened ? 'opened' : node.kind
  const shape = `<rect class="${kind}" x="${n(at.x)}" y="${n(at.y)}" width="${n(at.width)}" height="${n(at.height)}"/>`
  if (at.width < 2 * LEAST || at.height < 2 * LEAST) return [shape]
  const said = `${nameIn(node)}: ${bytes(node.size)}, ${percent(node.size, level.size)} of ${level.name}; ${whatText(space, node)}`
  const link = [
    `<a href="#${node.id}" aria-label="${escapeHtml(said)}">`,
    shape,
    `<title>${escapeHtml(said)}</title>`,
    '</a>',
    ...(named ? [label(node, at)] : []),
  ].join('')
  return [link, ...parts.flatMap((part) => draw(space, part))]
}

function label(node: SpaceNode, { x, y, width }: Rectangle): string {
  const name = shortName(node)
  const room = width / 10 - 8
  const whole = `${name} ${bytes(node.size)}`
  const text = fitted(whole, room) === whole ? whole : fitted(name, room)
  if (text === '') return ''
  // Over the link, not in it: its own name is the whole one.
  return `<text class="over" aria-hidden="true" x="${n(x + 40)}" y="${n(y + 130)}">${escapeHtml(text)}</text>`
}

function nameIn(node: SpaceNode): string {
  return node.kind === 'others' && node.path !== '' ? `${node.name} in ${node.path}` : fullName(node)
}

function n(tenths: number): string {
  return String(tenths / 10)
}
