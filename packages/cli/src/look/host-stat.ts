import { type Stats, statSync } from 'node:fs'
import { CliError } from '../error.ts'

/** What stands at a path of the host; undefined where nothing does, or nothing can: targets may go on for long behind a colon. Throws `ROS_CLI_FILE`. */
export function hostStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    if (cause.code === 'ENAMETOOLONG' || cause.code === 'ENOTDIR') return undefined
    const got = cause.message
    throw new CliError('ROS_CLI_FILE', 'cannot look at the file', { subject: path, got, cause })
  }
}
