import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import type { LayoutFiles } from './read-oci-layout.ts'
import { archiveError } from './tar-header.ts'
import type { LayoutEntry } from './write-oci-layout.ts'

/** The files of an OCI layout that is a directory. */
export function directoryLayoutFiles(directory: string): LayoutFiles {
  return {
    file(path) {
      const full = join(directory, path)
      return statSync(full, { throwIfNoEntry: false })?.isFile() ? fileSource(full) : undefined
    },
  }
}

/** Writes a layout as a directory: whole or not at all, in the place of nothing. */
export async function writeLayoutDirectory(
  directory: string,
  entries: readonly LayoutEntry[],
): Promise<void> {
  if (statSync(directory, { throwIfNoEntry: false }))
    throw archiveError(
      directory,
      'is there already',
      undefined,
      'an OCI layout is written as a new directory',
    )
  const temporary = `${directory}.${randomBytes(6).toString('hex')}.part`
  try {
    await mkdir(temporary, { recursive: true })
    for (const { path, source } of entries) await replaceFile(join(temporary, path), source.open())
    await rename(temporary, directory)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}
