import { type ByteSource, checkRange } from '@ros/bytes'
import type { IsoArea } from './area.ts'
import { IsoError } from './error.ts'
import type { IsoLayout } from './layout.ts'
import { SECTOR } from './sector.ts'

/**
 * The image as bytes that are made when they are asked for, any range of them: for a server that answers requests with Range, or as a
 * part of another image. Reading it all is `writeIso`, which is faster. Throws what that throws, when it is read.
 */
export function isoSource(layout: IsoLayout): ByteSource {
  let checked: Promise<void> | undefined
  return {
    size: layout.size,
    async *open(offset = 0, length = layout.size - offset) {
      checkRange('ISO image', layout.size, offset, length)
      checked ??= layout.check()
      await checked
      const end = offset + length
      for (let index = areaAt(layout.areas, Math.floor(offset / SECTOR)); ; index++) {
        const area = layout.areas[index]
        if (!area || area.lba * SECTOR >= end) return
        yield* piece(area, Math.max(offset - area.lba * SECTOR, 0), end - area.lba * SECTOR)
      }
    },
  }
}

/** Bytes `from` … `to` of an area, as far as it goes; behind its content zeros. */
async function* piece(area: IsoArea, from: number, to: number): AsyncGenerator<Uint8Array, void> {
  const length = Math.max(0, Math.min(to, area.size) - from)
  if (length > 0) {
    const source = await area.content()
    if (source.size !== area.size)
      throw contentError(area, `${source.size} bytes, laid out with ${area.size}`)
    let left = length
    try {
      for await (const chunk of source.open(from, length)) {
        left -= chunk.length
        if (left < 0) break
        if (chunk.length > 0) yield chunk
      }
    } catch (cause) {
      throw contentError(area, cause instanceof Error ? cause.message : String(cause), cause)
    }
    if (left !== 0) throw contentError(area, `${length - left} bytes where there should be ${length}`)
  }
  const zeros = Math.min(to, area.sectorCount * SECTOR) - Math.max(from, area.size)
  if (zeros > 0) yield new Uint8Array(zeros)
}

/** The area that has a sector; they are in order and leave none out. */
function areaAt(areas: readonly IsoArea[], lba: number): number {
  let [low, high] = [0, areas.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const area = areas[middle]
    if (area && area.lba + area.sectorCount <= lba) low = middle + 1
    else high = middle
  }
  return low
}

function contentError({ owner }: IsoArea, problem: string, cause?: unknown): IsoError {
  return new IsoError('ROS_ISO_CONTENT', `content cannot be read: ${problem}`, { subject: owner, cause })
}
