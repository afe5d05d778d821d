// Who may import whom. Any other edge between packages of ours fails the check, in manifests and in sources.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './console.mjs'

const LAYERS = {
  bytes: [],
  'qemu-runner': [],
  tree: ['bytes'],
  compress: ['bytes'],
  partitions: ['bytes'],
  store: ['bytes'],
  initrd: ['bytes', 'tree', 'compress'],
  iso: ['bytes', 'tree', 'compress', 'partitions'],
  disk: ['bytes', 'tree', 'compress', 'partitions'],
  debian: ['bytes', 'tree', 'compress', 'store'],
  'images-tar': ['bytes', 'tree', 'compress'],
  'kernel-fetch': ['bytes', 'tree', 'compress', 'store', 'debian'],
  init: [],
  distro: [
    'bytes',
    'tree',
    'compress',
    'store',
    'initrd',
    'iso',
    'disk',
    'partitions',
    'debian',
    'images-tar',
    'kernel-fetch',
    'init',
  ],
  // The formats are for what the CLI makes or looks into itself: the cloud-config ISO, the state disk, any file given.
  cli: [
    'distro',
    'qemu-runner',
    'bytes',
    'tree',
    'compress',
    'store',
    'initrd',
    'iso',
    'disk',
    'images-tar',
    'partitions',
    'debian',
  ],
}

/** What a package may import in one of its folders only: the room of the network in a package of formats. */
const ROOMS = {
  'images-tar': { folder: 'registry', imports: ['store'] },
}

/** Every forbidden edge as `from -> to (where)`. */
export function brokenLayers() {
  const broken = []
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    const room = ROOMS[name]
    const outside = LAYERS[name]
    const allowed = outside && [...outside, ...(room?.imports ?? [])]
    if (!allowed) {
      broken.push(`${name}: not in the table of scripts/layers.mjs`)
      continue
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const to = dependency.startsWith('@ros/') ? dependency.slice(5) : undefined
      if (to && !allowed.includes(to)) broken.push(`${name} -> ${to} (package.json)`)
    }
    for (const file of sources(join(folder, 'src'))) {
      const text = readFileSync(file, 'utf8')
      for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*'((?:@ros\/|\.\.?\/)[^']+)'/g)) {
        const to = path.startsWith('@ros/') ? path.split('/')[1] : undefined
        const test = file.endsWith('.test.ts')
        if (to && to !== name && !allowed.includes(to) && !test) broken.push(`${name} -> ${to} (${file})`)
        if (room?.imports.includes(to) && !inRoom(file, folder, room) && !test)
          broken.push(`${name} -> ${to} (${file}): only ${room.folder}/ may`)
        if (room && !to && enters(path, file, folder, room) && !test)
          broken.push(`${name} -> ${path} (${file}): reaches into ${room.folder}/`)
        if (!to && escapes(path, file, folder, test))
          broken.push(`${name} -> ${path} (${file}): leaves its package`)
        if (to && manifest.dependencies?.[`@ros/${to}`] === undefined && to !== name && !test) {
          broken.push(`${name} -> ${to} (${file}): not a dependency in package.json`)
        }
      }
    }
  }
  return broken
}

/** Sources stay inside `src`; tests may also use their package's `test` folder. */
function escapes(path, file, folder, test) {
  const target = join(file, '..', path)
  return !target.startsWith(join(folder, 'src')) && !(test && target.startsWith(join(folder, 'test')))
}

function inRoom(file, folder, room) {
  return file.startsWith(join(folder, 'src', room.folder, '/'))
}

/** A room that others may import is no room: what it may would come with it. */
function enters(path, file, folder, room) {
  return !inRoom(file, folder, room) && inRoom(join(file, '..', path), folder, room)
}

function sources(folder) {
  try {
    return readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = brokenLayers()
  for (const line of broken) process.stderr.write(`${line}\n`)
  process.exit(broken.length === 0 ? 0 : 1)
}
