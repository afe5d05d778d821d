import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteSource } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import {
  directoryLayoutFiles,
  type LayoutFiles,
  type LintedLayout,
  readOciLayout,
  tarLayoutFiles,
} from '@ros/images-tar'
import { file, Tree } from '@ros/tree'
import type { ImagesContainer } from './container.ts'
import { imagesContainer } from './docker-save.ts'
import { hostStat } from './host-stat.ts'
import type { Spool } from './spool.ts'

/** Whether the members of a tar are those of an OCI layout. */
export function isOciLayoutTree(members: Tree): boolean {
  return members.get('oci-layout')?.type === 'file' && members.get('index.json')?.type === 'file'
}

/** Whether a path of the host is a directory with an OCI layout in it. */
export function isLayoutDirectory(path: string): boolean {
  const isFile = (name: string) => hostStat(join(path, name))?.isFile() ?? false
  return isFile('oci-layout') && isFile('index.json')
}

export async function openOciLayout(
  source: ByteSource,
  members: Tree,
  name: string,
  spool: Spool,
): Promise<ImagesContainer> {
  return await openLayout(await tarLayoutFiles(source), members, name, spool)
}

/** The files of a layout that is a directory, and which they are. */
export function layoutDirectoryFiles(path: string): LintedLayout {
  const blobs = blobNames(path).map((name) => `blobs/sha256/${name}`)
  return { ...directoryLayoutFiles(path), paths: ['oci-layout', 'index.json', ...blobs] }
}

export async function openLayoutDirectory(path: string, spool: Spool): Promise<ImagesContainer> {
  const members = new Tree()
  const files = layoutDirectoryFiles(path)
  members.addDirectories('blobs/sha256')
  for (const name of files.paths) members.add(name, file(fileSource(join(path, name))))
  return await openLayout(files, members, path, spool)
}

async function openLayout(
  files: LayoutFiles,
  members: Tree,
  name: string,
  spool: Spool,
): Promise<ImagesContainer> {
  const images = await readOciLayout(files, { keep: (chunks) => spool.store(chunks, name) })
  return imagesContainer('oci-layout', images, members, name, spool)
}

function blobNames(path: string): string[] {
  const folder = join(path, 'blobs/sha256')
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}$/.test(name) && statSync(join(folder, name)).isFile())
    .sort()
}
