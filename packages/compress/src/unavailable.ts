import { CompressError } from './error.ts'

/** The error of what only Node does. */
export function unavailable(format: string, verb: 'compressed' | 'decompressed'): CompressError {
  return new CompressError('ROS_COMPRESS_UNAVAILABLE', `this format is not ${verb} in a browser`, {
    subject: format,
    limit: verb === 'compressed' ? 'gzip and lz4' : 'gzip, xz, lzma and lz4',
    hint: verb === 'compressed' ? 'use gzip, lz4 or no compression' : 'do it under Node',
  })
}
