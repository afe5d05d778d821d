// Lets Debian's kernel unpack an initramfs, and reads from its console what came of it.
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collect, decodeName, encodeName } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { directory, file, Tree, type TreeNode } from '@ros/tree'

const LIMIT_MS = 240_000

/** What stands at a path, as the guest or our reader sees it. */
export interface Seen {
  readonly type: TreeNode['type']
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  /** Of files and links, in bytes. */
  readonly size?: number
  readonly sha256?: string
  readonly target?: string
  readonly rdev?: string
  /** All names of a file that has several. */
  readonly links?: readonly string[]
}

export interface Unpacked {
  readonly paths: ReadonlyMap<string, Seen>
  /** What the kernel says of the unpacking, and of its own end. */
  readonly messages: readonly string[]
}

/** Builds the guest's init, a static program: the archive that has it, to be put first. */
export function walkerTree(folder: string): Tree {
  const output = join(folder, 'walker')
  execFileSync('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, '.'], {
    cwd: join(import.meta.dirname, 'walker'),
    env: { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: 'amd64', GOFLAGS: '-mod=readonly' },
  })
  const tree = new Tree().add('init', file(fileSource(output), { mode: 0o755 }))
  tree.root = directory({ mode: 0o755 })
  return tree
}

/** Boots the kernel with these bytes as its initramfs; ends with the guest, which switches itself off, or panics. */
export async function unpackInGuest(
  kernel: string,
  folder: string,
  initrd: AsyncIterable<Uint8Array> | Uint8Array,
): Promise<Unpacked> {
  const path = join(folder, `initrd-${randomUUID()}`)
  await writeFile(path, initrd)
  const { accelerator } = await probeAccelerator({})
  const command = qemuCommand({
    accelerator,
    memoryMb: 512,
    cpus: 1,
    // A panic ends the machine at once.
    boot: { kernel, initrd: path, append: 'console=ttyS0 quiet panic=-1' },
    network: 'none',
    noReboot: true,
  })
  let text = ''
  await using machine = await startMachine(command, {
    onConsole: (part) => {
      text += part
    },
  })
  // A panic may come before the guest has said anything.
  await machine.waitForLine(/WALK-END|Kernel panic/, LIMIT_MS)
  await machine.exited
  await rm(path)
  return readConsole(text)
}

interface Walked {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly nlink: number
  readonly ino: number
  readonly rdev: number
  readonly target?: string
  readonly sha256?: string
  readonly error?: string
}

const TYPES: Record<number, TreeNode['type']> = {
  0o010000: 'fifo',
  0o020000: 'character',
  0o040000: 'directory',
  0o060000: 'block',
  0o100000: 'file',
  0o120000: 'symlink',
  0o140000: 'socket',
}

function readConsole(text: string): Unpacked {
  const lines = text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '').split(/\r?\n/)
  const walked: { path: string; entry: Walked }[] = []
  const messages: string[] = []
  for (const line of lines) {
    if (/Initramfs unpacking failed|Kernel panic/.test(line))
      messages.push(line.replace(/^\[[ 0-9.]*\] /, ''))
    if (!line.startsWith('WALK ')) continue
    const entry = JSON.parse(line.slice(5)) as Walked
    if (entry.error !== undefined) throw new Error(`guest: ${line}`)
    walked.push({ path: fromHex(entry.path), entry })
  }
  const names = new Map<number, string[]>()
  for (const { path, entry } of walked) names.set(entry.ino, [...(names.get(entry.ino) ?? []), path])
  const paths = new Map<string, Seen>()
  for (const { path, entry } of walked) {
    const links = names.get(entry.ino) ?? []
    const seen = seenOf(entry, links)
    // What links count and names say has to be the same: nothing has a name that was not walked over.
    if (seen.type !== 'directory' && entry.nlink !== links.length)
      throw new Error(`guest: ${path} has ${entry.nlink} links, ${links.length} were found`)
    paths.set(path, seen)
  }
  return { paths, messages }
}

function seenOf(entry: Walked, links: readonly string[]): Seen {
  const type = TYPES[entry.mode & 0o170000]
  if (type === undefined) throw new Error(`guest: mode ${entry.mode.toString(8)}`)
  const { uid, gid, mtime, size } = entry
  // Linux's encoding of device numbers (include/linux/kdev_t.h, new_encode_dev).
  const major = Math.floor(entry.rdev / 256) & 0xfff
  const minor = (entry.rdev & 0xff) | ((entry.rdev >>> 12) & 0xfff00)
  return {
    type,
    mode: entry.mode & 0o7777,
    uid,
    gid,
    mtime,
    ...((type === 'file' || type === 'symlink') && { size }),
    ...(entry.sha256 !== undefined && { sha256: entry.sha256 }),
    ...(type === 'symlink' && { target: fromHex(entry.target ?? '') }),
    ...((type === 'block' || type === 'character') && { rdev: `${major}:${minor}` }),
    ...(links.length > 1 && type !== 'directory' && { links: [...links].sort() }),
  }
}

/** The same of a tree, '' being its root. */
export async function seenInTree(tree: Tree): Promise<Map<string, Seen>> {
  const names = new Map<TreeNode, string[]>()
  for (const { path, node } of tree) names.set(node, [...(names.get(node) ?? []), path])
  const seen = new Map<string, Seen>()
  const add = async (path: string, node: TreeNode) => {
    const { type, mode, uid, gid, mtime } = node
    const links = type === 'directory' || type === 'symlink' ? [] : (names.get(node) ?? [])
    seen.set(path, {
      type,
      mode,
      uid,
      gid,
      mtime,
      ...(type === 'file' && { size: node.content.size, sha256: await digest(node.content.open()) }),
      ...(type === 'symlink' && { size: encodeName(node.target).length, target: node.target }),
      ...('major' in node && { rdev: `${node.major}:${node.minor}` }),
      ...(links.length > 1 && { links: [...links].sort() }),
    })
  }
  await add('', tree.root)
  for (const { path, node } of tree) await add(path, node)
  return seen
}

async function digest(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

const fromHex = (digits: string) => decodeName(Buffer.from(digits, 'hex'))

export const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex')

export const bytesOf = (chunks: AsyncIterable<Uint8Array>) => collect(chunks, 2 ** 28)
