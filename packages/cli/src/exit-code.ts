/** What each exit code means, for `--help` and the documentation. */
export const EXIT_CODES = [
  { code: 0, meaning: 'done' },
  { code: 1, meaning: 'an error, or diff found a difference, or lint an error' },
  { code: 2, meaning: 'wrong usage' },
  { code: 70, meaning: 'a bug in the kit (EX_SOFTWARE of sysexits)' },
  { code: 130, meaning: 'interrupted' },
] as const

/**
 * The exit code of an error, as `EXIT_CODES` has them. `run --ssh -- COMMAND` and `ssh -- COMMAND` end with the remote
 * command's own code.
 */
export function exitCode(error: unknown): number {
  const code = codeOf(error)
  if (code === 'ROS_CLI_USAGE') return 2
  if (code === 'ROS_CLI_INTERRUPTED') return 130
  return code === undefined ? 70 : 1
}

/** The stable code of an error of ours, from whichever package; undefined for a bug. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.startsWith('ROS_') ? code : undefined
}
