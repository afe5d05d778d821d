import { type Stats, statSync } from 'node:fs'
import { CliError } from '../error.ts'

/** What stands at a path of the host; undefined where nothing does, or nothing can: targets may go on for long behind a colon. Throws `ROS_CLI_FILE`. */
export function hostStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENAMETOOLONG' || code === 'ENOTDIR') return undefined
    throw new CliError('ROS_CLI_FILE', 'cannot look at the file', { subject: path, cause })
  }
}
