import type { Random } from './random.ts'

/** A valid input, and where it has bytes that are not zero: mutations elsewhere seldom matter. */
export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
  readonly places: readonly number[]
}

export function seed(name: string, given: Uint8Array): Seed {
  // A Buffer's slice would be no copy.
  const bytes = new Uint8Array(given)
  const places: number[] = []
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) places.push(i)
  return { name, bytes, places }
}

const HEX = new TextEncoder().encode('0123456789abcdefABCDEF')
const NUMBERS = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
]

/** A damaged copy of one of the seeds, now and then plain noise. */
export function mutate(seeds: readonly Seed[], random: Random): Uint8Array {
  if (random.below(20) === 0) return noise(seeds, random)
  const { bytes, places } = random.pick(seeds)
  let copy: Uint8Array = bytes.slice()
  for (let count = 1 + random.below(4); count > 0; count--) copy = change(copy, places, seeds, random)
  return copy
}

/** Random bytes, half of the time behind the beginning of something real. */
function noise(seeds: readonly Seed[], random: Random): Uint8Array {
  const tail = random.bytes(random.below(6000))
  if (random.below(2) === 0) return tail
  const { bytes } = random.pick(seeds)
  return joined(bytes.subarray(0, random.below(Math.min(bytes.length, 40_000))), tail)
}

function change(
  copy: Uint8Array,
  places: readonly number[],
  seeds: readonly Seed[],
  random: Random,
): Uint8Array {
  if (copy.length === 0) return copy
  const at = Math.min(
    random.below(4) === 0 ? random.below(copy.length) : random.pick(places),
    copy.length - 1,
  )
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length)
  switch (random.below(9)) {
    case 0:
      copy[at] = random.below(256)
      return copy
    case 1:
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      return copy
    case 2:
      copy[at] = random.pick([...HEX])
      return copy
    case 3: {
      const value = random.pick(NUMBERS)
      if (at + 8 > copy.length) return copy
      if (random.below(2) === 0) view.setUint32(at, value, random.below(2) === 0)
      else {
        view.setUint32(at, value, true)
        view.setUint32(at + 4, value, false)
      }
      return copy
    }
    case 4:
      copy.fill(random.pick([0, 0xff, 0x30, 0x2e, 0x2f]), at, at + 1 + random.below(64))
      return copy
    case 5: {
      const from = random.pick(places)
      copy.copyWithin(at, from, from + 1 + random.below(600))
      return copy
    }
    case 6:
      return copy.slice(0, at)
    case 7: {
      const cut = 1 + random.below(600)
      return joined(copy.subarray(0, at), copy.subarray(at + cut))
    }
    default: {
      const other = random.pick(seeds).bytes
      const from = random.below(other.length)
      return joined(copy.subarray(0, at), other.subarray(from, from + random.below(3000)), copy.subarray(at))
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    whole.set(part, position)
    position += part.length
  }
  return whole
}
