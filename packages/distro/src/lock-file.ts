import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { compareNames, fromText } from '@ros/bytes'
import { type Digest, replaceFile, sha256Text } from '@ros/bytes/node'
import { DistroError } from './error.ts'
import { type Lock, type LockedPackage, lockSchema } from './lock-schema.ts'
import type { Recipe } from './recipe-schema.ts'

/** Name of the lock beside a recipe. */
export const LOCK_NAME = 'rancheros.lock.json'

/** Digest of a recipe's values: comments, order of keys, defaults that are spelled out, and mirrors do not change it. */
export function recipeDigest(recipe: Recipe): Digest {
  // Where things are fetched from changes nothing of what they are.
  const { rewrite: _, debian, ...values } = recipe
  return sha256Text(JSON.stringify(sorted({ ...values, suites: debian?.suites })))
}

/** The lock as text: keys and lists sorted, so that two of the same content are the same bytes. */
export function formatLock(lock: Lock): string {
  const packages = sortedPackages(lock.packages)
  const { lockVersion, recipe, parts } = lock
  const text = { lockVersion, recipe, parts: sorted(parts), packages }
  return `${JSON.stringify(text, undefined, 2)}\n`
}

/** In the order that a lock has them, so that what is made of them does not depend on whether it was written. */
export function sortedPackages(packages: Iterable<LockedPackage>): LockedPackage[] {
  return [...packages].sort(
    (a, b) =>
      compareNames(a.name, b.name) ||
      compareNames(a.version, b.version) ||
      compareNames(a.architecture, b.architecture),
  )
}

export async function writeLock(path: string, lock: Lock): Promise<void> {
  await replaceFile(path, fromText(formatLock(lock)).open())
}

/** Reads a lock; undefined when there is none. Throws `ROS_LOCK_SYNTAX` for a file that is none, or of a later kit. */
export async function readLock(path: string): Promise<Lock | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read the lock', { subject: path, cause })
  }
  return parseLock(text, basename(path))
}

/** Reads a lock's text. */
export function parseLock(text: string, subject: string): Lock {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw lockError(subject, cause instanceof Error ? cause.message : String(cause), cause)
  }
  const version = (value as { lockVersion?: unknown } | null)?.lockVersion
  if (typeof version === 'number' && version > 1) {
    throw new DistroError('ROS_LOCK_SYNTAX', 'the lock is of a later kit', {
      subject,
      got: `lockVersion ${version}`,
      limit: 'lockVersion 1',
      hint: 'use a kit of that version or later, or write the lock anew: rancheros-kit lock',
    })
  }
  const parsed = lockSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw lockError(subject, `${issue?.path.map(String).join('.') || 'lock'}: ${issue?.message}`)
}

function lockError(subject: string, problem: string, cause?: unknown): DistroError {
  return new DistroError('ROS_LOCK_SYNTAX', problem, {
    subject,
    hint: 'write it anew: rancheros-kit lock',
    cause,
  })
}

/** The same value with the keys of every object in bytewise order; lists stay as they are. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(
    entries.sort(([a], [b]) => compareNames(a, b)).map(([key, one]) => [key, sorted(one)]),
  )
}
