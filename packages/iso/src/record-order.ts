/**
 * Order of two identifiers in a directory (ECMA-119 §9.3): names filled with spaces, then extensions, then versions. In
 * Joliet by code units, where files may be with or without a version.
 */
export function compareIdentifiers(a: Uint8Array, b: Uint8Array, kind: 'iso' | 'joliet'): number {
  if (kind === 'joliet') return compareFilled(unversioned(a), unversioned(b), 0)
  const [left, right] = [split(a), split(b)]
  return (
    compareFilled(left.stem, right.stem, 0x20) ||
    compareFilled(left.extension, right.extension, 0x20) ||
    // A directory has no version: nothing tells it from a file of its name (xorriso writes AB before AB.;1).
    (left.version && right.version ? compareFilled(right.version, left.version, 0x30) : 0)
  )
}

const DOT = 0x2e
const SEMICOLON = 0x3b

function split(identifier: Uint8Array) {
  const semicolon = identifier.lastIndexOf(SEMICOLON)
  const end = semicolon < 0 ? identifier.length : semicolon
  const text = identifier.subarray(0, end)
  const dot = text.lastIndexOf(DOT)
  return {
    stem: dot < 0 ? text : text.subarray(0, dot),
    extension: dot < 0 ? new Uint8Array() : text.subarray(dot + 1),
    version: semicolon < 0 ? undefined : identifier.subarray(end + 1),
  }
}

/** Without `;1` in UCS-2. */
function unversioned(identifier: Uint8Array): Uint8Array {
  for (let at = identifier.length - 2; at > 0; at -= 2)
    if (identifier[at] === 0 && identifier[at + 1] === SEMICOLON) return identifier.subarray(0, at)
  return identifier
}

function compareFilled(a: Uint8Array, b: Uint8Array, fill: number): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? fill) - (b[i] ?? fill)
    if (difference !== 0) return difference
  }
  return 0
}
