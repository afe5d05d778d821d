import { decodeName } from '@ros/bytes'

/** One line of an mtree listing: `keyword=value` pairs by keyword. */
export type MtreeEntry = Readonly<Record<string, string>>

/** Parses what `bsdtar --format=mtree` prints, with full paths; names are unescaped, `./` is taken off. */
export function parseMtree(text: string): Map<string, MtreeEntry> {
  const entries = new Map<string, MtreeEntry>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [name = '', ...words] = line.split(' ')
    const pairs = words.filter((word) => word.includes('=')).map((word) => splitPair(word))
    entries.set(unescape(name).replace(/^\.\/?/, ''), Object.fromEntries(pairs))
  }
  return entries
}

function splitPair(word: string): [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), unescape(word.slice(at + 1))]
}

// Bytes outside printable ASCII, spaces and backslashes stand as \ooo.
function unescape(text: string): string {
  const bytes = text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return decodeName(Uint8Array.from(bytes, (character) => character.charCodeAt(0)))
}
