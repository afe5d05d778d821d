import { type ByteSource, checkRange } from './byte-source.ts'

const STEP = 1_048_576

/** What a `Blob` or a `File` has of what is needed here. */
export interface BlobLike {
  readonly size: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** A `Blob`, or a `File` that the reader of a page has picked; read in steps of 1 MiB. What it throws comes through unchanged. */
export function fromBlob(blob: BlobLike): ByteSource {
  return {
    size: blob.size,
    async *open(offset = 0, length = blob.size - offset) {
      checkRange('blob', blob.size, offset, length)
      const end = offset + length
      for (let at = offset; at < end; at += STEP)
        yield new Uint8Array(await blob.slice(at, Math.min(at + STEP, end)).arrayBuffer())
    },
  }
}
