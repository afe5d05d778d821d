import type { ByteSource } from '@ros/bytes'
import { ImagesTarError } from './error.ts'
import { readAt, type TarIndex } from './tar-index.ts'

const MAX_JSON = 16_777_216

/** The file at a path of the archive; undefined too where its links lead out of it or nowhere. */
export function tryFile(index: TarIndex, path: string): ByteSource | undefined {
  try {
    return index.file(path)
  } catch (error) {
    if (!isOwn(error)) throw error
    return undefined
  }
}

export async function jsonFile(index: TarIndex, path: string): Promise<Uint8Array> {
  const file = index.file(path)
  const problem = !file ? 'is missing from the archive' : file.size > MAX_JSON ? 'is too large' : undefined
  if (!file || problem !== undefined)
    throw new ImagesTarError('ROS_IMAGES_TAR_ARCHIVE', problem ?? '', { subject: path })
  return readAt(file, 0, file.size)
}

/** What readers say about the bytes; a source that fails is another matter. */
export function isOwn(error: unknown): error is ImagesTarError {
  return error instanceof ImagesTarError
}
