import { CliError } from '../error.ts'
import { DEFAULT_MACHINE } from '../project.ts'

/** One side of a copy: on this host, or in a machine. */
export type CopyPath =
  | { readonly side: 'host'; readonly path: string }
  | { readonly side: 'guest'; readonly machine: string; readonly path: string }

/** Reads `PATH`, `:PATH` (the default machine) and `NAME:PATH`, as scp(1); `./a:b` is a file of this host. */
export function readCopyPath(text: string): CopyPath {
  const [, machine, path] = /^([A-Za-z0-9][\w.-]*)?:([\s\S]*)$/.exec(text) ?? []
  // C:\file is no machine.
  if (path === undefined || (process.platform === 'win32' && /^[A-Za-z]:[\\/]/.test(text)))
    return { side: 'host', path: text }
  // A shell would make ~ the home directory, where relative paths begin anyway.
  return { side: 'guest', machine: machine ?? DEFAULT_MACHINE, path: path.replace(/^~(\/|$)/, '') || '.' }
}

/** Sources on one side, the destination on the other. Throws `ROS_CLI_USAGE`. */
export function readCopy(texts: readonly string[]): {
  readonly direction: 'up' | 'down'
  readonly machine: string
  readonly sources: readonly string[]
  readonly destination: string
} {
  const paths = texts.map(readCopyPath)
  const destination = paths.at(-1)
  const sources = paths.slice(0, -1)
  const [guest, ...others] = paths.flatMap((each) => (each.side === 'guest' ? [each] : []))
  const sides = new Set(sources.map(({ side }) => side))
  const oneMachine = others.every(({ machine }) => machine === guest?.machine)
  if (!destination || !guest || sides.size !== 1 || sides.has(destination.side) || !oneMachine) {
    throw new CliError(
      'ROS_CLI_USAGE',
      'a copy is from this host into one machine, or from one machine to it',
      {
        subject: texts.join(' '),
        limit: 'cp FILE… [NAME]:PATH or cp [NAME]:PATH… FILE',
      },
    )
  }
  return {
    direction: destination.side === 'guest' ? 'up' : 'down',
    machine: guest.machine,
    sources: sources.map(({ path }) => path),
    destination: destination.path,
  }
}
