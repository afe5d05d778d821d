import { bytes, grouped } from '../picture/text.ts'
import type { Space, SpaceKind, SpaceNode } from './space.ts'

const WORDS: Record<SpaceKind, string> = {
  directory: 'directory',
  program: 'program',
  module: 'kernel module',
  packed: 'compressed file',
  file: 'file',
  others: 'small ones together',
  rest: 'no file',
}

/** The label of what has nothing but a number for a name. */
export const PARTITION = 'partition'

/** What a node is called where there is little room. */
export function shortName({ name, label }: SpaceNode): string {
  return label === PARTITION ? `${PARTITION} ${name}` : (label ?? name)
}

/** What a node is called in its container, others by their number. */
export function fullName(node: SpaceNode): string {
  if (node.kind === 'others') return node.name
  if (node.label === PARTITION) return shortName(node)
  return node.label === undefined ? node.path : `${node.label} (${node.path})`
}

/** A node in words: `directory, 120 files`; of a container what it holds. */
export function whatText(space: Space, node: SpaceNode): string {
  const level = space.inside.get(node.id)
  if (level) return `${level.what}, holds ${bytes(level.size)} in ${filesText(level.files)}`
  const note = space.notes.get(node.id)
  const words = node.label === PARTITION ? PARTITION : WORDS[node.kind]
  if (node.kind === 'directory' || node.kind === 'others') return `${words}, ${filesText(node.files)}`
  return note === undefined ? words : `${words}; ${note}`
}

/** `1 file`, `1 200 files`. */
export function filesText(count: number): string {
  return count === 1 ? '1 file' : `${grouped(count)} files`
}
