import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Digest, sha256Text } from '@ros/bytes/node'

/** Packages whose code decides what a step writes. */
const WRITERS = ['bytes', 'tree', 'compress', 'initrd', 'images-tar', 'debian', 'kernel-fetch']

let known: Digest | undefined

/**
 * Digest of the code that computes the cached parts of a build, this package's included. It is part of every cache key:
 * another version of the kit never takes an older one's results for its own.
 */
export function codeDigest(): Digest {
  known ??= sha256Text(
    [here(), ...WRITERS.map((name) => entryFolder(`@ros/${name}`))].map(folderText).join('\n'),
  )
  return known
}

function here(): string {
  return dirname(fileURLToPath(import.meta.url))
}

function entryFolder(name: string): string {
  return dirname(fileURLToPath(import.meta.resolve(name)))
}

function folderText(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.[jt]s$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .sort()
    .map((name) => `${name}\n${readFileSync(join(folder, name), 'utf8')}`)
    .join('\n')
}
