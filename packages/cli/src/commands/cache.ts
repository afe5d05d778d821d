import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { exportCache, importCache, LOCK_NAME, lockContents, readLock } from '@ros/distro'
import { openStore, pruneStore, type StoreEntry, storeEntries, verifyStore } from '@ros/store'
import { type CommandContext, type CommandResult, command } from '../command.ts'
import { CliError } from '../error.ts'
import { givenInputs, type InputsArguments, inputsOption } from '../inputs-option.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'

const DAY_MS = 86_400_000
const ACTIONS = ['ls', 'prune', 'verify', 'export', 'import'] as const

interface CacheArguments extends InputsArguments {
  readonly file?: string | undefined
  readonly days: number
}

/** `rancheros-kit cache`: what lies in the cache, and how it gets to a machine without a network. */
export const cache = command({
  usage: 'cache <action> [file]',
  describe: 'list, prune, verify, export or import the cache of inputs and built parts',
  examples: [
    ['$0 cache prune --days 7', 'remove what no build has used for a week'],
    ['$0 cache export build.tar', 'all that a build from the lock needs, in one file'],
    ['$0 cache import build.tar', 'on a machine without a network; then build --locked --offline'],
  ],
  options: (y) =>
    inputsOption(
      y
        .positional('action', { choices: ACTIONS, demandOption: true, describe: 'what to do' })
        .positional('file', { type: 'string', describe: 'tar that is written or read (export, import)' }),
    ).option('days', {
      type: 'number',
      default: 30,
      describe: 'prune: days without use after which content goes',
    }),
  run: (args, context) => {
    switch (args.action) {
      case 'ls':
        return list(context)
      case 'prune':
        return prune(args, context)
      case 'verify':
        return verify(context)
      case 'export':
        return exportTo(args, context)
      case 'import':
        return importFrom(args, context)
    }
  },
})

async function list({ environment }: CommandContext): Promise<CommandResult> {
  const directory = cacheDirectory(environment)
  const entries = await storeEntries(await openStore(directory))
  const kinds = new Map<string, { count: number; bytes: number }>()
  for (const entry of entries) {
    const kind = kindOf(entry)
    const { count, bytes } = kinds.get(kind) ?? { count: 0, bytes: 0 }
    kinds.set(kind, { count: count + 1, bytes: bytes + entry.size })
  }
  const rows = [...kinds].map(([kind, sums]) => ({ kind, ...sums })).sort((a, b) => b.bytes - a.bytes)
  const lines = rows.map(
    ({ kind, count, bytes }) => `${megabytes(bytes).padStart(9)} ${String(count).padStart(6)}  ${kind}`,
  )
  const total = totalLine(entries, 'in all')
  return {
    data: { directory, kinds: rows, entries },
    text: `${directory}\n${[...lines, total].join('\n')}\n`,
  }
}

async function prune(args: CacheArguments, { environment }: CommandContext): Promise<CommandResult> {
  const { days } = args
  if (!(days >= 0)) {
    throw new CliError('ROS_CLI_USAGE', 'not a number of days', { subject: '--days', got: String(days) })
  }
  const store = await openStore(cacheDirectory(environment))
  const path = args.lock === undefined ? resolve(LOCK_NAME) : resolve(args.lock)
  const lock = await readLock(path)
  const keep = new Set(lock ? (await lockContents(lock, store)).map(({ digest }) => digest) : [])
  const removed = await pruneStore(store, { unusedSinceMs: Date.now() - days * DAY_MS, keep })
  return { data: { removed }, text: `${totalLine(removed, 'removed')}\n` }
}

async function verify({ environment, output, signal }: CommandContext): Promise<CommandResult> {
  const store = await openStore(cacheDirectory(environment))
  const damaged = await output.withProgress((sink) =>
    verifyStore(store, (_, index, count) => {
      signal.throwIfAborted()
      sink({ step: 'verify', text: `${index + 1} of ${count}` })
    }),
  )
  const lines = damaged.map((entry) => `damaged, removed: ${entry.digest} (${kindOf(entry)})\n`)
  return {
    data: { damaged },
    text: lines.join('') || 'every entry is whole\n',
    exitCode: damaged.length > 0 ? 1 : 0,
  }
}

async function exportTo(args: CacheArguments, context: CommandContext): Promise<CommandResult> {
  const { environment, output, signal } = context
  const path = resolve(fileOf(args))
  const options = { ...givenInputs(args, environment), signal }
  const result = await output.withProgress((onProgress) => exportCache({ ...options, onProgress }, path))
  for (const part of result.outside)
    output.warn(`${part}: a directory or Go module is not carried along; have it at the same place there`)
  return { data: result, text: `${path} ${result.contents.length} inputs\n` }
}

async function importFrom(args: CacheArguments, context: CommandContext): Promise<CommandResult> {
  const { environment, output, signal } = context
  const path = resolve(fileOf(args))
  const imported = await output.withProgress((onProgress) =>
    importCache({ cache: cacheDirectory(environment), path, signal, onProgress }),
  )
  const written: string[] = []
  for (const [name, text] of imported.files) {
    const place = join(process.cwd(), name)
    if (existsSync(place)) {
      output.warn(`${name}: there is one already, which stays`)
      continue
    }
    await replaceFile(place, fromText(text).open())
    written.push(place)
  }
  const text = [`${imported.contents} inputs`, ...written].join('\n')
  return { data: { contents: imported.contents, written }, text: `${text}\n` }
}

function fileOf({ file }: CacheArguments): string {
  if (file !== undefined) return file
  throw new CliError('ROS_CLI_USAGE', 'name the tar', { subject: 'cache export, cache import' })
}

/** What an entry is: the step that made it, or an input. */
function kindOf({ key }: StoreEntry): string {
  if (key === undefined) return 'inputs'
  try {
    const { step } = JSON.parse(key) as { step?: unknown }
    return typeof step === 'string' ? step : 'other'
  } catch {
    return key.replace(/ sha256:.*$/, '')
  }
}

function totalLine(entries: readonly StoreEntry[], word: string): string {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  return `${megabytes(bytes).padStart(9)} ${String(entries.length).padStart(6)}  ${word}`
}
