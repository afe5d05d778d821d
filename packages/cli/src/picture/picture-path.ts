import type { Stats } from 'node:fs'
import { CliError } from '../error.ts'
import { hostStat } from '../look/host-stat.ts'

/**
 * Throws `ROS_CLI_USAGE` for what a picture must not take the place of: a device, a directory, and the very file that it is of. `option` is
 * how the path was given.
 */
export function checkPicturePath(option: string, path: string, source?: Stats): void {
  const present = hostStat(path)
  if (!present) return
  if (present.isFile() && (source?.ino !== present.ino || source.dev !== present.dev)) return
  throw new CliError('ROS_CLI_USAGE', 'not a file to write a picture to', {
    subject: `${option} ${path}`,
    hint: 'name a new file, or one that the picture may replace',
  })
}
