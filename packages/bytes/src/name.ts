import { BytesError } from './error.ts'

// Names in file systems are bytes; ours are strings. Bytes that are not UTF-8 become lone low surrogates
// U+DC80 … U+DCFF (as in Python's PEP 383), which valid UTF-8 never yields, so that every name survives a round trip.

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** A file name's bytes as a string; inverse of `encodeName` for every input. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeMixed(bytes)
  }
}

/**
 * The bytes of a name: UTF-8, with lone surrogates U+DC80 … U+DCFF as the bytes 0x80 … 0xFF. Other lone surrogates stand
 * for no bytes and throw `ROS_BYTES_RANGE`.
 */
export function encodeName(name: string): Uint8Array {
  // Without the u flag the class would match halves of pairs; \p{Surrogate} with it matches lone ones only.
  if (!/\p{Surrogate}/u.test(name)) return encoder.encode(name)
  const parts = Array.from(name, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) return Uint8Array.of(code - 0xdc00)
    if (code >= 0xd800 && code <= 0xdfff) throw surrogateError(name, code)
    return encoder.encode(character)
  })
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    whole.set(part, position)
    position += part.length
  }
  return whole
}

/** Order of two names by their bytes: negative, zero or positive. Independent of locale. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  // UTF-16 order equals byte order unless a surrogate is involved (U+10000 and above sort before U+E000).
  if (!/[\ud800-\udfff]/.test(a) && !/[\ud800-\udfff]/.test(b)) return a < b ? -1 : 1
  const left = encodeName(a)
  const right = encodeName(b)
  const common = Math.min(left.length, right.length)
  for (let i = 0; i < common; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Sorts names in place by their bytes, and gives them back. Quick where no surrogate is involved, as nearly everywhere. */
export function sortNames(names: string[]): string[] {
  // Without a comparison function UTF-16 units are compared.
  return names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(compareNames) : names.sort()
}

function surrogateError(name: string, code: number): BytesError {
  return new BytesError('ROS_BYTES_RANGE', 'lone surrogate in a name', {
    subject: JSON.stringify(name),
    got: `U+${code.toString(16).toUpperCase()}`,
    limit: 'Unicode text, or U+DC80 … U+DCFF for bytes that are not UTF-8',
  })
}

function decodeMixed(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes[i] ?? 0)
    const sequence = bytes.subarray(i, i + length)
    const decoded = sequence.length === length ? tryDecode(sequence) : undefined
    text += decoded ?? String.fromCharCode(0xdc00 + (bytes[i] ?? 0))
    i += decoded === undefined ? 1 : length
  }
  return text
}

function tryDecode(sequence: Uint8Array): string | undefined {
  try {
    return strict.decode(sequence)
  } catch {
    return undefined
  }
}

/** Length that a UTF-8 lead byte announces; 1 for bytes that lead nothing. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4
  if (lead >= 0xe0) return 3
  return lead >= 0xc0 ? 2 : 1
}
