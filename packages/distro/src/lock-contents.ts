import type { Digest } from '@ros/bytes/node'
import type { Lock, LockedInput } from './lock-schema.ts'

/** Content that a lock names, as it lies in a cache. */
export interface LockContent {
  readonly name: string
  readonly digest: Digest
  readonly size: number
}

/** Everything that a build from this lock takes from the cache. A directory or a Go module stays outside. */
export function lockContents(lock: Lock): LockContent[] {
  const all = [...lock.packages, ...Object.values(lock.parts).flatMap(contents)]
  return [...new Map(all.map(({ name, digest, size }) => [digest, { name, digest, size }])).values()]
}

/** Inputs of a lock that no cache can carry, by the name of their part. */
export function outsideInputs(lock: Lock): string[] {
  return Object.entries(lock.parts)
    .filter(([, input]) => isOutside(input))
    .map(([name]) => name)
}

function contents(input: LockedInput): LockContent[] {
  if ('of' in input) return contents(input.of)
  return 'content' in input ? [input.content] : []
}

function isOutside(input: LockedInput): boolean {
  if ('of' in input) return isOutside(input.of)
  return 'directory' in input || 'module' in input
}
