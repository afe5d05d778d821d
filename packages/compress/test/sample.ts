/** Text-like bytes that compress to about a third, the same in every run. */
export function sample(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[i] = state % 7 === 0 ? 32 : 97 + (state % 11)
    if (i > 5000 && state % 5 === 0) bytes[i] = bytes[i - 1 - (state % 5000)] ?? 0
  }
  return bytes
}

export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}
