import { IsoError } from './error.ts'

/** Throws `ROS_ISO_FORMAT` when a system use entry has less content than it must. */
export function checkContent(subject: string, signature: string, content: Uint8Array, size: number): void {
  if (content.length >= size) return
  throw new IsoError('ROS_ISO_FORMAT', `${signature} is cut`, {
    subject,
    got: `${content.length} bytes`,
    limit: `${size} bytes`,
  })
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    whole.set(part, position)
    position += part.length
  }
  return whole
}
