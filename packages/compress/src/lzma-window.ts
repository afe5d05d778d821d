/** Output that is given out at once. */
export const OUTPUT = 131_072
/** The longest match: the decoder writes no farther than so many bytes behind what it was at. */
export const MATCH_MAX = 273

/** Where decoded bytes go, and where matches are copied from: the last bytes, as many as the dictionary has, have to stay. */
export interface LzmaWindow {
  bytes: Uint8Array
  /** Behind the last byte. */
  end: number
}

export function lzmaWindow(): LzmaWindow {
  return { bytes: new Uint8Array(2 * OUTPUT), end: 0 }
}

/** Keeps the dictionary and makes room behind it, and gives where it ends; the window grows with the content, up to twice the dictionary. */
export function makeRoom(window: LzmaWindow, dictSize: number): number {
  const { bytes, end } = window
  if (end + OUTPUT <= bytes.length - MATCH_MAX) return end
  const kept = Math.min(end, dictSize)
  const wanted = Math.max(2 * kept, kept + 2 * OUTPUT)
  if (wanted > bytes.length) {
    window.bytes = new Uint8Array(wanted)
    window.bytes.set(bytes.subarray(end - kept, end))
  } else bytes.copyWithin(0, end - kept, end)
  window.end = kept
  return kept
}
