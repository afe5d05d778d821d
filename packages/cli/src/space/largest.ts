import type { Level, Space, SpaceNode } from './space.ts'

/** A file, the container that it stands in, and its part of the whole. */
export interface LargeFile {
  readonly node: SpaceNode
  readonly level: Level
  /** 0 … 1; of what a compressed container holds as if all of it were compressed alike. */
  readonly share: number
}

/** The files that take the most of the whole, wherever they stand; containers count by what is in them. */
export function largest(space: Space, count: number): LargeFile[] {
  const found: LargeFile[] = []
  const visit = (level: Level, node: SpaceNode, scale: number) => {
    const share = node.size * scale
    const inner = space.inside.get(node.id)
    if (inner) {
      for (const part of inner.nodes) visit(inner, part, inner.size > 0 ? share / inner.size : 0)
    } else if (node.kind === 'directory') {
      for (const part of node.children) visit(level, part, scale)
    } else if (node.kind !== 'others' && node.kind !== 'rest') found.push({ node, level, share })
  }
  const [first] = space.levels
  for (const node of first.nodes) visit(first, node, first.size > 0 ? 1 / first.size : 0)
  return found.sort((a, b) => b.share - a.share).slice(0, count)
}
