import { encodeUcs2 } from './fields.ts'
import type { Item } from './item.ts'
import { isDirectory } from './item.ts'

/** Name and extension of an identifier, without separators and version. */
interface Parts {
  readonly stem: string
  readonly extension: string
}

/**
 * Names in the primary tree. `level-1`: 8 and 3 characters, as DOS has them. `strict`: level 2, 30 characters. `relaxed`: 30 characters of any printable ASCII but
 * `/` `;` `*` `?`, lower case and further dots as they are, which the standard forbids and systems of today read.
 */
export type IsoNames = 'level-1' | 'strict' | 'relaxed'

/** Rules of one naming: how long, which characters, how two different names are told apart. */
interface Rules {
  /** Longest stem and extension together. */
  readonly limit: number
  /** Longest of each, where that is less. */
  readonly each?: { readonly stem: number; readonly extension: number }
  parts(item: Item): Parts
  /** The first `length` units of `text`, fewer where a character would be cut. */
  cut(text: string, length: number): string
}

// An extension longer than this is cut when the whole is too long; else the stem is.
const EXTENSION_KEPT = 10

const strict: Rules = {
  // ECMA-119 §7.5.1 allows 30 for both and §7.6.3 31 for a directory; one limit lets files and directories share a rule.
  limit: 30,
  parts(item) {
    const characters = Array.from(item.name, (character) =>
      /^[A-Za-z0-9.]$/.test(character) ? character : '_',
    )
    const mapped = characters.join('').toUpperCase()
    const dot = isDirectory(item) ? -1 : mapped.lastIndexOf('.')
    const split = dot > 0 ? dot : mapped.length
    return { stem: mapped.slice(0, split).replaceAll('.', '_'), extension: mapped.slice(split + 1) }
  },
  cut: (text, length) => text.slice(0, length),
}

const isoRules: Readonly<Record<IsoNames, Rules>> = {
  strict,
  'level-1': { ...strict, limit: 11, each: { stem: 8, extension: 3 } },
  relaxed: {
    ...strict,
    parts(item) {
      const mapped = Array.from(item.name, (character) =>
        /^[\x20-\x7e]$/.test(character) && !'/;*?'.includes(character) ? character : '_',
      ).join('')
      const dot = isDirectory(item) ? -1 : mapped.lastIndexOf('.')
      const split = dot > 0 ? dot : mapped.length
      return { stem: mapped.slice(0, split), extension: mapped.slice(split + 1) }
    },
  },
}

const joliet: Rules = {
  limit: 64, // Joliet: 128 bytes of a name; the dot counts, see jolietText
  parts(item) {
    // Joliet forbids controls and * / : ; ? \ ; lone surrogates stand for bytes that are no UTF-8.
    const mapped = item.name.replaceAll(/\p{Surrogate}|[\0-\x1f*/:;?\\]/gu, '_')
    const dot = isDirectory(item) ? -1 : mapped.lastIndexOf('.')
    const split = dot > 0 ? dot : mapped.length
    return { stem: mapped.slice(0, split), extension: mapped.slice(split) }
  },
  cut(text, length) {
    const last = text.charCodeAt(length - 1)
    const pair = last >= 0xd800 && last <= 0xdbff && length < text.length
    return text.slice(0, pair ? length - 1 : length)
  },
}

/**
 * Identifiers of a directory's children in a primary volume: ECMA-119 level 2, so 31 characters of A–Z 0–9 _ and one
 * dot, `;1` after files. Other characters become `_`, the last dot starts the extension. `names` may want more or less.
 */
export function isoIdentifiers(items: readonly Item[], names: IsoNames = 'strict'): Map<Item, Uint8Array> {
  const text = (item: Item, { stem, extension }: Parts) =>
    isDirectory(item) ? stem : `${stem}.${extension};1`
  const encode = (item: Item, parts: Parts) => new TextEncoder().encode(text(item, parts))
  return assign(
    items,
    isoRules[names],
    encode,
    (item, { stem, extension }) => item.name === (extension === '' ? stem : `${stem}.${extension}`),
  )
}

/**
 * Joliet identifiers: at most 64 UTF-16 units, characters outside the basic plane as surrogate pairs, never half of one.
 * Without `;1`, as other writers do: readers that look only at Joliet show names as they are.
 */
export function jolietIdentifiers(items: readonly Item[]): Map<Item, Uint8Array> {
  const text = ({ stem, extension }: Parts) => stem + extension
  return assign(
    items,
    joliet,
    (_, parts) => encodeUcs2(text(parts)),
    (item, parts) => item.name === text(parts),
  )
}

/**
 * Gives each item an identifier of its own. Names that need no change come first, then the rest in their order; a name
 * that is taken gets a number from 000 at the end of its stem.
 */
function assign(
  items: readonly Item[],
  rules: Rules,
  encode: (item: Item, parts: Parts) => Uint8Array,
  unchanged: (item: Item, parts: Parts) => boolean,
): Map<Item, Uint8Array> {
  const natural = items.map((item) => ({ item, parts: shorten(rules.parts(item), rules, '') }))
  const kept = natural.filter(({ item, parts }) => unchanged(item, parts))
  const changed = natural.filter(({ item, parts }) => !unchanged(item, parts))
  const taken = new Set<string>()
  const counters = new Map<string, number>()
  const identifiers = new Map<Item, Uint8Array>()
  for (const { item, parts } of [...kept, ...changed]) {
    // A directory AB and a file AB. differ, but sort as equals (§9.3): one key for both keeps them apart.
    const key = ({ stem, extension }: Parts) => `${stem}/${extension}`
    let unique = parts
    while (taken.has(key(unique))) {
      const counterKey = key(parts)
      const count = counters.get(counterKey) ?? 0
      counters.set(counterKey, count + 1)
      unique = shorten(parts, rules, String(count).padStart(3, '0'))
    }
    taken.add(key(unique))
    identifiers.set(item, encode(item, unique))
  }
  return identifiers
}

/** The parts with `suffix` after the stem, cut to the limit. */
function shorten({ stem, extension }: Parts, rules: Rules, suffix: string): Parts {
  const { each } = rules
  if (each) {
    return {
      stem: rules.cut(stem, each.stem - suffix.length) + suffix,
      extension: rules.cut(extension, each.extension),
    }
  }
  if (stem.length + suffix.length + extension.length <= rules.limit) return { stem: stem + suffix, extension }
  const end = rules.cut(extension, EXTENSION_KEPT)
  return { stem: rules.cut(stem, rules.limit - end.length - suffix.length) + suffix, extension: end }
}
