import { CompressError } from './error.ts'

/** Throws `ROS_COMPRESS_LEVEL` unless `level` is a whole number from `min` to `max`. Returns it. */
export function checkLevel(format: string, level: number, min: number, max: number): number {
  if (!Number.isInteger(level) || level < min || level > max) {
    throw new CompressError('ROS_COMPRESS_LEVEL', 'no such compression level', {
      subject: format,
      got: String(level),
      limit: `${min} … ${max}`,
    })
  }
  return level
}
