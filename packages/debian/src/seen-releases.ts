import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile, sha256Text } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import { type ReleaseFile, releaseError } from './release-file.ts'

/**
 * Refuses a Release file that is older than one of the same suite and signer that was accepted before, from whichever mirror: an
 * old one, with packages whose faults are known, may be played again for as long as its signature holds. Then remembers it.
 * Throws `ROS_DEBIAN_RELEASE`.
 */
export async function checkNotOlder(
  store: Store,
  release: ReleaseFile,
  fingerprint: string,
  subject: string,
): Promise<void> {
  const { origin, suite, codename, date } = release
  const key = sha256Text(JSON.stringify([origin, suite, codename, fingerprint])).slice('sha256:'.length)
  const path = join(store.directory, 'releases', `${key}.json`)
  const seen = await readSeen(path)
  if (seen !== undefined && date < seen) {
    throw releaseError(
      subject,
      'is older than one that was seen before',
      new Date(date).toISOString(),
      `${new Date(seen).toISOString()} was seen: the mirror is behind, or somebody plays an old state again. To accept it all the same remove ${path}`,
    )
  }
  if (date === seen) return
  const text = `${JSON.stringify({ origin, suite, codename, fingerprint, date })}\n`
  await replaceFile(path, fromText(text).open())
}

async function readSeen(path: string): Promise<number | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    const date = (value as { date?: unknown } | null)?.date
    return typeof date === 'number' ? date : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
