import { stat } from 'node:fs/promises'
import { basename, dirname, posix, resolve } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { readTar } from '@ros/debian'
import { writeTreeTar } from '@ros/images-tar'
import { capture, runCommand } from '@ros/qemu-runner'
import { Tree, type TreeEntry } from '@ros/tree'
import { CliError } from '../error.ts'
import { extractEntries } from '../look/extract.ts'
import type { Spool } from '../look/spool.ts'
import { addHostFiles } from './host-tree.ts'
import type { Client } from './sessions.ts'

export interface Copied {
  readonly files: number
  /** What is neither file, folder nor link. */
  readonly skipped: readonly string[]
}

/**
 * Copies into the machine: files and folders as one tar through `tar` in the guest, so that it needs no more than the session that
 * `ssh` has. Into a folder that is there, else under the name that the destination ends in. Throws `ROS_CLI_COPY`.
 */
export async function copyUp(
  client: Client,
  sources: readonly string[],
  destination: string,
): Promise<Copied> {
  const isFolder = await isGuestFolder(client, destination)
  if (!isFolder && sources.length > 1) throw refused(destination, 'is no folder of the machine')
  const tree = new Tree()
  const skipped: string[] = []
  for (const source of sources) {
    const name = isFolder ? basename(resolve(source)) : posix.basename(destination)
    skipped.push(...(await addHostFiles(tree, resolve(source), name)))
  }
  const folder = isFolder ? destination : posix.dirname(destination)
  await guestTar(client, `-xf - --no-same-owner -C ${quoted(folder)}`, Readable.from(writeTreeTar(tree)))
  return { files: [...tree].length, skipped }
}

/** Copies out of the machine. What comes cannot lead outside the destination. Throws `ROS_CLI_COPY`, `ROS_CLI_EXTRACT`. */
export async function copyDown(
  client: Client,
  sources: readonly string[],
  destination: string,
  spool: Spool,
): Promise<Copied> {
  const target = resolve(destination)
  const isFolder = (await stat(target).catch(() => undefined))?.isDirectory() ?? false
  if (!isFolder && sources.length > 1) throw refused(destination, 'is no folder')
  const copied: { files: number; skipped: string[] } = { files: 0, skipped: [] }
  for (const source of sources) {
    const name = posix.basename(posix.resolve('/', source)) || '.'
    const place = name === '.' ? source : posix.dirname(source)
    const arrived = new PassThrough()
    const [content] = await Promise.all([
      spool.store(arrived, source),
      guestTar(client, `-cf - -C ${quoted(place)} -- ${quoted(name)}`, undefined, arrived),
    ])
    const tree = await readTar(content, source, { twice: 'last' })
    const entries = isFolder || name === '.' ? tree : renamed(tree, name, basename(target))
    const into = isFolder || name === '.' ? target : dirname(target)
    const { written, skipped } = await extractEntries(entries, into, spool.signal)
    copied.files += written.length
    copied.skipped.push(...skipped.map(({ path }) => path))
  }
  return copied
}

function* renamed(tree: Tree, from: string, to: string): Generator<TreeEntry> {
  for (const { path, node } of tree)
    yield { path: path === from ? to : `${to}${path.slice(from.length)}`, node }
}

async function isGuestFolder(client: Client, path: string): Promise<boolean> {
  return (await capture(client, `test -d ${quoted(path)}`)).code === 0
}

async function guestTar(client: Client, args: string, stdin?: Readable, stdout?: PassThrough): Promise<void> {
  let said = ''
  const stderr = new Writable({
    write(chunk, _, done) {
      said = (said + String(chunk)).slice(-2000)
      done()
    },
  })
  try {
    const streams = { ...(stdin && { stdin }), ...(stdout && { stdout }), stderr }
    const { code } = await runCommand(client, `tar ${args}`, streams)
    if (code !== 0) throw refused(`tar ${args}`, said.trim() || `exit code ${code}`)
  } finally {
    stdout?.end()
  }
}

/** A word for the guest's shell; one that begins with a dash is no option. */
function quoted(path: string): string {
  const word = path.startsWith('-') ? `./${path}` : path
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function refused(subject: string, got: string): CliError {
  return new CliError('ROS_CLI_COPY', 'cannot be copied', { subject, got })
}
