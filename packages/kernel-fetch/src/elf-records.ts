import { type Field, raw, record, u16be, u16le, u32be, u32le, u64be, u64le } from '@ros/bytes'

/** The records of one ELF class and byte order (System V ABI, gABI ch. 4; Linux elf.h names). */
export interface ElfRecords {
  readonly littleEndian: boolean
  /** Width of addresses and offsets in bytes: 4 in ELF32, 8 in ELF64. */
  readonly wordSize: 4 | 8
  readonly header: ReturnType<typeof headerRecord>
  readonly section: ReturnType<typeof sectionRecord>
  /** Offsets in a symbol, and its size; the fields of ELF32 and ELF64 stand in different order. */
  readonly symbol: { readonly size: number; readonly name: number; readonly sectionIndex: number }
}

/** Length of `e_ident`, which tells class and byte order. */
export const IDENT_SIZE = 16

interface Numbers {
  readonly half: Field<number>
  readonly int: Field<number>
  readonly word: Field<number>
}

const numbers = (wordSize: 4 | 8, littleEndian: boolean): Numbers => {
  const int = littleEndian ? u32le : u32be
  const long = littleEndian ? u64le : u64be
  return { half: littleEndian ? u16le : u16be, int, word: wordSize === 8 ? long : int }
}

const headerRecord = ({ half, int, word }: Numbers) =>
  record(
    'ELF header',
    [
      ['ident', raw(IDENT_SIZE)],
      ['type', half],
      ['machine', half],
      ['version', int],
      ['entry', raw(word.size)],
      ['programHeaders', word],
      ['sectionHeaders', word],
      ['flags', int],
      ['headerSize', half],
      ['programHeaderSize', half],
      ['programHeaderCount', half],
      ['sectionHeaderSize', half],
      ['sectionCount', half],
      ['sectionNames', half],
    ],
    word.size === 8 ? 64 : 52,
  )

const sectionRecord = ({ int, word }: Numbers) =>
  record(
    'ELF section header',
    [
      ['name', int],
      ['type', int],
      ['flags', word],
      ['address', raw(word.size)],
      ['offset', word],
      ['size', word],
      ['link', int],
      ['info', int],
      ['alignment', word],
      ['entrySize', word],
    ],
    word.size === 8 ? 64 : 40,
  )

const symbol32 = ({ half, int }: Numbers) =>
  record(
    'ELF32 symbol',
    [
      ['name', int],
      ['value', int],
      ['length', int],
      ['info', raw(1)],
      ['other', raw(1)],
      ['sectionIndex', half],
    ],
    16,
  )

const symbol64 = ({ half, int, word }: Numbers) =>
  record(
    'ELF64 symbol',
    [
      ['name', int],
      ['info', raw(1)],
      ['other', raw(1)],
      ['sectionIndex', half],
      ['value', word],
      ['length', word],
    ],
    24,
  )

const elfRecords = (wordSize: 4 | 8, littleEndian: boolean): ElfRecords => {
  const fields = numbers(wordSize, littleEndian)
  const { size, offsets } = wordSize === 8 ? symbol64(fields) : symbol32(fields)
  return {
    littleEndian,
    wordSize,
    header: headerRecord(fields),
    section: sectionRecord(fields),
    symbol: { size, name: offsets.name, sectionIndex: offsets.sectionIndex },
  }
}

const all = new Map([
  ['1 1', elfRecords(4, true)],
  ['1 2', elfRecords(4, false)],
  ['2 1', elfRecords(8, true)],
  ['2 2', elfRecords(8, false)],
])

/** The records that `e_ident` calls for (EI_CLASS, EI_DATA); undefined when it is no ELF file's. */
export function recordsFor(ident: Uint8Array): ElfRecords | undefined {
  const magic = ident[0] === 0x7f && ident[1] === 0x45 && ident[2] === 0x4c && ident[3] === 0x46
  return magic ? all.get(`${ident[4]} ${ident[5]}`) : undefined
}
