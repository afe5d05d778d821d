import { join } from 'node:path'
import { RosError } from '@ros/bytes'
import type { Store } from '@ros/store'
import { DebianError } from './error.ts'
import { type HostApt, optionArguments, withoutHosts } from './host-apt.ts'
import type { DebFile } from './package-record.ts'
import { type RunResult, runTool } from './run-tool.ts'

export interface DownloadOptions extends HostApt {
  readonly signal?: AbortSignal
  readonly stallMs?: number
}

/**
 * Downloads into a directory on the store's file system with one call of `apt-get download`, proves what came and takes
 * it into the store; then throws for the first package that did not come. `onFraction` gets 0 … 1.
 */
export async function downloadDebs(
  records: readonly DebFile[],
  store: Store,
  options: DownloadOptions,
  onFraction: (fraction: number) => void,
): Promise<void> {
  await store.withTemporaryDirectory(async (directory) => {
    const result = await runApt(records, directory, options, onFraction)
    const reasonOf = failureReasons(result.stderr)
    const failed: { readonly record: DebFile; readonly cause: unknown }[] = []
    for (const record of records) {
      try {
        await store.putFile(join(directory, fileName(record)), { ...record, subject: label(record) })
      } catch (cause) {
        if (!isNoDownload(cause)) throw cause
        failed.push({ record, cause })
      }
    }
    // When one package keeps apt from fetching any, that one is the news.
    const first = failed.find(({ record }) => reasonOf(record) !== undefined) ?? failed[0]
    if (first) throw downloadError(first.record, reasonOf(first.record), result, first.cause)
  })
}

async function runApt(
  records: readonly DebFile[],
  directory: string,
  options: DownloadOptions,
  onFraction: (fraction: number) => void,
): Promise<RunResult> {
  // A percentage comes every half second, moving or not: only a change is a sign of life.
  let last = ''
  const run = { cwd: directory, stallMs: options.stallMs ?? 120_000 }
  return runTool(
    'apt-get',
    [...optionArguments(options), '-q', '-o', 'APT::Status-Fd=1', 'download', ...records.map(versionedName)],
    options.signal ? { ...run, signal: options.signal } : run,
    (chunk, alive) => {
      const matches = [...new TextDecoder('latin1').decode(chunk).matchAll(/^dlstatus:\d+:(\d+\.\d+):/gm)]
      const percent = matches.at(-1)?.[1]
      if (percent === undefined || percent === last) return
      last = percent
      alive()
      onFraction(Math.min(Number(percent) / 100, 1))
    },
  )
}

function versionedName({ name, version, architecture }: DebFile): string {
  return `${name}${architecture === 'all' ? '' : `:${architecture}`}=${version}`
}

/** As apt-get(8) names what it downloads. */
function fileName({ name, version, architecture }: DebFile): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`
}

function poolName({ filename }: DebFile): string {
  return filename.slice(filename.lastIndexOf('/') + 1)
}

function label({ name, version }: DebFile): string {
  return `${name} ${version}`
}

/** What apt says of a package that it could not fetch, or does not know in that version. */
function failureReasons(stderr: string): (record: DebFile) => string | undefined {
  const fetches = [...stderr.matchAll(/^[EW]: Failed to fetch \S*\/(\S+) +(.*)$/gm)]
  const byFile = new Map(fetches.map(([, name = '', reason = '']) => [decodeURIComponent(name), reason]))
  const unknown = [...stderr.matchAll(/^E: (Version '(.*)' for '([^':]*).*' was not found)$/gm)]
  return (record) => {
    const line = unknown.find(([, , version, name]) => version === record.version && name === record.name)
    const reason = line?.[1] ?? byFile.get(poolName(record))
    return reason === undefined ? undefined : withoutHosts(reason)
  }
}

/** The file is not there, or is not what it should be. */
function isNoDownload(error: unknown): boolean {
  if (error instanceof RosError) return error.code === 'ROS_BYTES_DIGEST'
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function downloadError(
  record: DebFile,
  reason: string | undefined,
  result: RunResult,
  cause: unknown,
): DebianError {
  const isOther = /hash sum mismatch|unexpected size/i.test(reason ?? '')
  const isUnnoticed = result.code === 0 && cause instanceof RosError
  if (isOther || isUnnoticed) {
    return new DebianError('ROS_DEBIAN_DIGEST', 'what came is not the package that the index promised', {
      subject: label(record),
      got: isOther ? (reason ?? '') : ((cause as RosError).got ?? ''),
      limit: `${record.size} bytes, ${record.digest}`,
      hint: 'the mirror or the way to it is not to be trusted; if the lists are old, run apt-get update',
      cause,
    })
  }
  const stalled = result.stalled ? 'no progress, given up' : undefined
  return new DebianError('ROS_DEBIAN_FETCH', 'download failed', {
    subject: label(record),
    got: stalled ?? reason ?? (withoutHosts(result.stderr) || 'no file'),
    hint: 'check the network and run apt-get update; what has come already is kept',
    cause,
  })
}
