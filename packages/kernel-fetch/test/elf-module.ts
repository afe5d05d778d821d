export interface ElfModuleOptions {
  readonly wordSize?: 4 | 8
  readonly littleEndian?: boolean
  /** Texts `key=value`. */
  readonly modinfo?: readonly string[]
  readonly imports?: readonly string[]
  readonly exports?: readonly string[]
  /** Exports as `__ksymtab_strings`, as kernels without symbol versions have them. */
  readonly unversioned?: boolean
  /** Bytes of code, so that the file is longer. */
  readonly text?: number
}

/** A small ELF object with the sections by which depmod knows a module. Made by hand, so that each field can be wrong. */
export function elfModule(options: ElfModuleOptions = {}): Uint8Array {
  const {
    wordSize = 8,
    littleEndian = true,
    modinfo = [],
    imports = [],
    exports = [],
    unversioned = false,
  } = options
  const symbols = imports.map((name) => ({ name, section: 0 }))
  if (!unversioned) symbols.push(...exports.map((name) => ({ name: `__crc_${name}`, section: 1 })))
  const strings = texts(['', ...symbols.map(({ name }) => name)])
  const symbolSize = wordSize === 8 ? 24 : 16
  const table = new DataView(new ArrayBuffer((symbols.length + 1) * symbolSize))
  let nameOffset = 1
  for (const [i, { name, section }] of symbols.entries()) {
    const at = (i + 1) * symbolSize
    table.setUint32(at, nameOffset, littleEndian)
    table.setUint16(at + (wordSize === 8 ? 6 : 14), section, littleEndian)
    nameOffset += name.length + 1
  }
  const sections: (readonly [name: string, content: Uint8Array])[] = [
    ['.text', new Uint8Array(options.text ?? 16)],
    ['.modinfo', texts(modinfo)],
    ...(unversioned ? [['__ksymtab_strings', texts(exports)] as const] : []),
    ['.symtab', new Uint8Array(table.buffer)],
    ['.strtab', strings],
  ]
  return assemble(sections, wordSize, littleEndian)
}

function assemble(
  sections: (readonly [string, Uint8Array])[],
  wordSize: 4 | 8,
  littleEndian: boolean,
): Uint8Array {
  const headerSize = wordSize === 8 ? 64 : 52
  const entrySize = wordSize === 8 ? 64 : 40
  const names = texts(['', ...sections.map(([name]) => name), '.shstrtab'])
  const all = [...sections, ['.shstrtab', names] as const]
  const contentSize = all.reduce((sum, [, content]) => sum + content.length, 0)
  const count = all.length + 1
  const view = new DataView(new ArrayBuffer(headerSize + contentSize + count * entrySize))
  const bytes = new Uint8Array(view.buffer)
  const half = (at: number, value: number) => view.setUint16(at, value, littleEndian)
  const int = (at: number, value: number) => view.setUint32(at, value, littleEndian)
  const word = (at: number, value: number) =>
    wordSize === 8 ? view.setBigUint64(at, BigInt(value), littleEndian) : int(at, value)

  bytes.set([0x7f, 0x45, 0x4c, 0x46, wordSize / 4, littleEndian ? 1 : 2, 1])
  half(16, 1)
  int(20, 1)
  word(24 + 2 * wordSize, headerSize + contentSize)
  const tail = 24 + 3 * wordSize + 4
  for (const [i, value] of [headerSize, 0, 0, entrySize, count, count - 1].entries())
    half(tail + 2 * i, value)

  let offset = headerSize
  let name = 1
  for (const [i, [sectionName, content]] of all.entries()) {
    const at = headerSize + contentSize + (i + 1) * entrySize
    bytes.set(content, offset)
    int(at, name)
    int(at + 4, 1)
    word(at + 8 + 2 * wordSize, offset)
    word(at + 8 + 3 * wordSize, content.length)
    offset += content.length
    name += sectionName.length + 1
  }
  return bytes
}

/** Texts, a NUL after each. */
function texts(all: readonly string[]): Uint8Array {
  return new TextEncoder().encode(all.map((text) => `${text}\0`).join(''))
}
