import { cString, decode, type ElfFile, elfError } from './elf.ts'

/** The symbols by which modules find one another. */
export interface ModuleSymbols {
  /** Wanted from the kernel or other modules, in the order of the symbol table. */
  readonly imports: readonly string[]
  /** Given to others. */
  readonly exports: readonly string[]
}

const CRC = new TextEncoder().encode('__crc_')

/**
 * Reads the symbol table as depmod does: undefined symbols are imports; exports are the symbols `__crc_NAME`, or the
 * texts of `__ksymtab_strings` in kernels without symbol versions.
 */
export async function readSymbols(elf: ElfFile, subject: string): Promise<ModuleSymbols> {
  const table = (await elf.section('.symtab')) ?? new Uint8Array()
  const names = (await elf.section('.strtab')) ?? new Uint8Array()
  const { symbol, littleEndian } = elf.records
  if (table.length % symbol.size !== 0) {
    throw elfError(
      subject,
      'symbol table has a part of a symbol',
      `${table.length} bytes`,
      `multiples of ${symbol.size}`,
    )
  }
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const imports: string[] = []
  const exports: string[] = []
  // The first symbol is the null symbol (gABI, Symbol Table).
  for (let at = symbol.size; at < table.length; at += symbol.size) {
    const name = view.getUint32(at + symbol.name, littleEndian)
    if (name >= names.length) {
      if (name === 0) continue
      throw elfError(
        subject,
        'symbol name lies outside the name table',
        String(name),
        `${names.length} bytes`,
      )
    }
    if (view.getUint16(at + symbol.sectionIndex, littleEndian) === 0) imports.push(cString(names, name))
    else if (startsWith(names, name, CRC)) exports.push(cString(names, name + CRC.length))
  }
  if (exports.length > 0) return { imports, exports }
  return { imports, exports: texts(await elf.section('__ksymtab_strings')) }
}

function startsWith(bytes: Uint8Array, offset: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[offset + i] !== prefix[i]) return false
  return true
}

function texts(section: Uint8Array | undefined): string[] {
  if (!section) return []
  return decode(section, 0, section.length)
    .split('\0')
    .filter((text) => text !== '')
}
