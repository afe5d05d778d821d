/**
 * Exit codes: 0 done; 1 an error that the message explains; 2 wrong usage; 130 interrupted; 70 a bug of ours
 * (EX_SOFTWARE of sysexits). `run --ssh -- COMMAND` and `ssh -- COMMAND` end with the remote command's own code.
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
