import { type ByteSource, collect } from '@ros/bytes'

/** Bytes at an offset, by the fast path where the source has one. */
export async function readAt(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (!source.readInto) return await collect(source.open(offset, length), length)
  const bytes = new Uint8Array(length)
  source.readInto(bytes, offset)
  return bytes
}
