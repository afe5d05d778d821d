import { type ByteSource, RosError, readAll, slice } from '@ros/bytes'
import { detectFormat, MAGIC_SIZE } from '@ros/compress'
import type { SpaceKind } from './space.ts'

/** What a file is by its name and first bytes, and why they could not be read, if so. */
export interface Known {
  readonly kind: SpaceKind
  readonly fault?: string
}

/** Tells what a file is. What is damaged, or not for this user to read, takes its space all the same. */
export async function kindOf(name: string, content: ByteSource): Promise<Known> {
  if (/\.ko(\.(xz|zst|gz))?$/.test(name)) return { kind: 'module' }
  const length = Math.min(MAGIC_SIZE, content.size)
  try {
    const head = await readAll(slice(content, 0, length), length)
    if (detectFormat(head) !== undefined) return { kind: 'packed' }
    return { kind: /^(\x7fELF|MZ|#!)/.test(String.fromCharCode(...head)) ? 'program' : 'file' }
  } catch (error) {
    const fault = faultOf(error)
    if (fault === undefined) throw error
    return { kind: 'file', fault: `not read: ${fault}` }
  }
}

/** The message of an error of a reader or of the operating system; undefined for what is a fault of ours. */
export function faultOf(error: unknown): string | undefined {
  if (error instanceof RosError) return error.message
  return error instanceof Error && 'syscall' in error ? error.message : undefined
}
