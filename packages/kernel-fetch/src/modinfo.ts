import { decode } from './elf.ts'

/** What a module says of itself: NUL-separated `key=value` texts, in the order of the section `.modinfo`. */
export interface ModuleInfo {
  readonly name: string | undefined
  readonly alias: readonly string[]
  /** Direct hard dependencies as the kernel's build found them, by module name. */
  readonly depends: readonly string[]
  /** As written: `pre: a b post: c`. */
  readonly softdep: readonly string[]
  readonly firmware: readonly string[]
  readonly vermagic: string | undefined
}

export function parseModinfo(section: Uint8Array): ModuleInfo {
  const fields = new Map<string, string[]>()
  for (const [key, value] of modinfoEntries(section)) {
    const values = fields.get(key)
    if (values) values.push(value)
    else fields.set(key, [value])
  }
  const all = (key: string): string[] => fields.get(key) ?? []
  return {
    name: all('name')[0],
    alias: all('alias'),
    depends: all('depends')
      .flatMap((names) => names.split(','))
      .filter((name) => name !== ''),
    softdep: all('softdep'),
    firmware: all('firmware'),
    vermagic: all('vermagic')[0],
  }
}

/** The texts of a `.modinfo` section or of `modules.builtin.modinfo`; those without `=` are passed over, as kmod does. */
export function* modinfoEntries(section: Uint8Array): Iterable<readonly [key: string, value: string]> {
  for (let start = 0; start < section.length; ) {
    const nul = section.indexOf(0, start)
    const end = nul < 0 ? section.length : nul
    if (end > start) {
      const text = decode(section, start, end)
      const equals = text.indexOf('=')
      if (equals > 0) yield [text.slice(0, equals), text.slice(equals + 1)]
    }
    start = end + 1
  }
}
