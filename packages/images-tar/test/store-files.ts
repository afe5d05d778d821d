import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fileSource, replaceFile } from '@ros/bytes/node'
import type { Tree } from '@ros/tree'
import { writeTreeTar } from '../src/index.ts'
import { layerMembers } from '../src/layer-members.ts'

/** Puts a tree on the disk as it is: owners, modes, times, devices, hard links, extended attributes. */
export async function unpackTree(tree: Tree, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await replaceFile(`${folder}.tar`, writeTreeTar(tree))
  const options = [
    '--xattrs',
    '--xattrs-include=*',
    '--numeric-owner',
    '--warning=no-timestamp',
    '-xpf',
    `${folder}.tar`,
    '-C',
    folder,
  ]
  execFileSync('tar', options, { timeout: 60_000 })
}

/**
 * Everything that docker's image store in a data root consists of, one line for each file: mode, owner, links, content by
 * digest, extended attributes. The ids that dockerd draws by chance are replaced by the chain ids that they stand for.
 */
export async function storeLines(dataRoot: string): Promise<string[]> {
  const chains = join(dataRoot, 'image/overlay2/layerdb/sha256')
  const names: [string, string][] = readdirSync(chains).flatMap((chain) => {
    const cacheId = readFileSync(join(chains, chain, 'cache-id'), 'utf8')
    const link = readFileSync(join(dataRoot, 'overlay2', cacheId, 'link'), 'utf8')
    return [
      [cacheId, `<cache id of ${chain.slice(0, 12)}>`],
      [link, `<link to ${chain.slice(0, 12)}>`],
    ]
  })
  const named = (text: string) => names.reduce((result, [from, to]) => result.replaceAll(from, to), text)
  const attributes = await xattrs(dataRoot)
  const lines: string[] = []
  const visit = (path: string) => {
    const at = relative(dataRoot, path)
    const status = lstatSync(path)
    const inLayer = /^overlay2\/[^/]+\/diff(\/|$)/.test(at)
    const words = [status.mode.toString(8), status.uid, status.gid, attributes.get(at) ?? '']
    if (!status.isDirectory()) words.push(`${status.nlink} links`)
    const whiteout = status.isCharacterDevice() && status.rdev === 0
    // dockerd gives whiteouts and the layer's own directory the time of unpacking.
    if (inLayer && !at.endsWith('/diff') && !whiteout) words.push(status.mtime.toISOString().slice(0, 19))
    if (status.isSymbolicLink()) words.push(named(readlinkSync(path)))
    if (status.isCharacterDevice() || status.isBlockDevice()) words.push(`device ${status.rdev}`)
    if (status.isFile()) {
      const bytes = readFileSync(path)
      const content = at.endsWith('tar-split.json.gz') ? gunzipSync(bytes) : bytes
      const meta = /(\/cache-id|overlay2\/[0-9a-f]+\/(link|lower))$/.test(at) && !inLayer
      words.push(meta ? named(content.toString()) : createHash('sha256').update(content).digest('hex'))
    }
    lines.push(`${at.startsWith('overlay2') ? named(at) : at}: ${words.join(' ')}`)
    if (status.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name))
  }
  for (const top of ['image', 'overlay2']) visit(join(dataRoot, top))
  return lines.sort()
}

/** Extended attributes by path, as GNU tar finds them. */
async function xattrs(folder: string): Promise<Map<string, string>> {
  const archive = `${folder}.xattrs.tar`
  const options = ['--xattrs', '--xattrs-include=*', '--format=pax', '-cf', archive, '-C', folder]
  execFileSync('tar', [...options, 'image', 'overlay2'], { timeout: 60_000 })
  const found = new Map<string, string>()
  for await (const { name, xattrs } of layerMembers(fileSource(archive))) {
    const words = [...xattrs].map(([key, value]) => `${key}=${Buffer.from(value).toString('hex')}`)
    if (words.length > 0) found.set(name.replace(/\/$/, ''), words.sort().join(' '))
  }
  return found
}
