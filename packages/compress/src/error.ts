import { RosError } from '@ros/bytes'

/** Stable codes of a `CompressError`. */
export type CompressErrorCode =
  | 'ROS_COMPRESS_FORMAT' // a format that is not known, or known and not read here
  | 'ROS_COMPRESS_LEVEL' // a level outside the format's range
  | 'ROS_COMPRESS_UNAVAILABLE' // a format that a browser has no compressor or decompressor for
  | 'ROS_COMPRESS_TRUNCATED' // the compressed bytes end too early
  | 'ROS_COMPRESS_CORRUPT' // the compressed bytes break their format or fail their checksum

/** What compressors and decompressors throw. */
export class CompressError extends RosError<CompressErrorCode> {}

export function truncatedError(format: string, cause?: unknown): CompressError {
  return new CompressError('ROS_COMPRESS_TRUNCATED', 'compressed bytes end too early', {
    subject: format,
    hint: 'the file was cut: fetch or make it again',
    ...(cause !== undefined && { cause }),
  })
}

export function corruptError(format: string, problem: string, cause?: unknown): CompressError {
  return new CompressError('ROS_COMPRESS_CORRUPT', problem, {
    subject: format,
    ...(cause !== undefined && { cause }),
  })
}
