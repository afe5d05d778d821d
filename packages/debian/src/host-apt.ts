import { DebianError } from './error.ts'
import { runTool } from './run-tool.ts'

/** How the host's apt is called. */
export interface HostApt {
  /** `-o` options, each `Name::Of::Option=value` (apt.conf(5)); for another root, other sources, a proxy. */
  readonly aptOptions?: readonly string[]
}

/** One list that apt keeps on this host, in apt's words (apt-get(8), indextargets). */
export interface IndexTarget {
  readonly origin: string
  /** `bookworm/main amd64`: release, component, architecture; never a host. */
  readonly name: string
  /** As `apt-cache policy` names it: with the mirror's address. Not for messages. */
  readonly description: string
  readonly architecture: string
  readonly filename: string
  readonly trusted: boolean
}

const STALL_MS = 120_000

export function optionArguments(apt: HostApt): string[] {
  return (apt.aptOptions ?? []).flatMap((option) => ['-o', option])
}

/** The host's `Packages` lists, in the order of its sources. */
export async function indexTargets(apt: HostApt): Promise<IndexTarget[]> {
  const fields = ['ORIGIN', 'DESCRIPTION', 'ARCHITECTURE', 'FILENAME', 'TRUSTED']
  const format = fields.map((field) => `$(${field})`).join('\t')
  const text = await aptText(apt, 'apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [origin = '', description = '', architecture = '', filename = '', trusted = ''] = line.split('\t')
      // "ADDRESS bookworm/main amd64 Packages"
      const name = description.split(' ').slice(1, -1).join(' ')
      return { origin, name, description, architecture, filename, trusted: trusted === 'yes' }
    })
}

/** The architecture that apt installs for. */
export async function hostArchitecture(apt: HostApt): Promise<string> {
  const text = await aptText(apt, 'apt-config', ['dump', '--format', '%v', 'APT::Architecture'])
  return text.trim()
}

/** Pin priority of each list by its description (apt_preferences(5)); pins of single packages are not in it. */
export async function listPriorities(apt: HostApt): Promise<Map<string, number>> {
  const text = await aptText(apt, 'apt-cache', ['policy'])
  const lines = [...text.matchAll(/^ *(-?\d+) (\S+ .*)$/gm)]
  return new Map(lines.map(([, priority, description]) => [description ?? '', Number(priority)]))
}

/** A list's bytes, whatever it is compressed with on this host. */
export async function readList(apt: HostApt, target: IndexTarget, onChunk: (chunk: Uint8Array) => void) {
  const args = [...optionArguments(apt), 'cat-file', target.filename]
  const { code, stderr } = await runTool(
    '/usr/lib/apt/apt-helper',
    args,
    { stallMs: STALL_MS },
    (chunk, alive) => {
      alive()
      onChunk(chunk)
    },
  )
  if (code !== 0) throw aptError(`package list ${target.name}`, stderr)
}

export function aptError(subject: string, stderr: string): DebianError {
  return new DebianError('ROS_DEBIAN_APT', 'apt failed', { subject, got: withoutHosts(stderr) })
}

/** apt's messages in one line without the addresses of mirrors and proxies, which are nobody's business. */
export function withoutHosts(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '<mirror>')
    .replace(/(resolv\w+) '[^']*'/gi, '$1 <mirror>')
    .replace(/\b[\w-]+(?:\.[\w-]+)+:\d{2,5}\b|\blocalhost:\d+/g, '<mirror>')
    .replace(/ ?\((?=[^)]*[.:])[0-9a-f.:]+(?: \d+)?\)| ?\[IP: [^\]]*\]/gi, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .slice(0, 500)
}

async function aptText(apt: HostApt, command: string, args: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = []
  const all = [...args.slice(0, 1), ...optionArguments(apt), ...args.slice(1)]
  const { code, stderr } = await runTool(command, all, { stallMs: STALL_MS }, (chunk, alive) => {
    alive()
    chunks.push(chunk)
  })
  if (code !== 0) throw aptError(`${command} ${args[0] ?? ''}`, stderr)
  return Buffer.concat(chunks).toString('utf8')
}
