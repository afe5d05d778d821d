import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aptError, type HostApt, optionArguments } from './host-apt.ts'
import { runTool } from './run-tool.ts'

export interface PrivateAptOptions {
  /** `APT::Architecture`: Debian's name of it, `arm64`. */
  readonly architecture: string
  /** Lists that are older than this are fetched anew, in milliseconds; by default never once they are there. */
  readonly maxAgeMs?: number
  readonly aptOptions?: readonly string[]
}

/**
 * An apt with lists of its own in a directory, for another architecture than the host's: the host's sources and keys, nothing of its
 * packages. dpkg and the host's own lists stay as they are; no root is needed. Fetches the lists when they are not there yet.
 */
export async function privateApt(
  directory: string,
  { architecture, maxAgeMs = Number.POSITIVE_INFINITY, aptOptions = [] }: PrivateAptOptions,
): Promise<HostApt> {
  for (const name of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(directory, name), { recursive: true })
  await writeFile(join(directory, 'status'), '', { flag: 'a' })
  const apt: HostApt = {
    aptOptions: [
      `Dir::State=${join(directory, 'state')}`,
      `Dir::State::status=${join(directory, 'status')}`,
      `Dir::Cache=${join(directory, 'cache')}`,
      `APT::Architecture=${architecture}`,
      // Emptied first: `::` would add to the host's.
      'APT::Architectures=',
      `APT::Architectures::=${architecture}`,
      'APT::Sandbox::User=',
      'Acquire::Languages=none',
      ...aptOptions,
    ],
  }
  const stamp = join(directory, 'updated')
  const age = await stat(stamp).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  )
  if (age <= maxAgeMs && age !== Number.POSITIVE_INFINITY) return apt
  const args = [...optionArguments(apt), '-q', 'update']
  const { code, stderr } = await runTool('apt-get', args, { stallMs: 120_000 }, (_, alive) => alive())
  if (code !== 0) throw aptError(`apt-get update for ${architecture}`, stderr)
  await writeFile(stamp, '')
  return apt
}
