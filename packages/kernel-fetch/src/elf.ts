import { type ByteSource, BytesError } from '@ros/bytes'
import { type ElfRecords, IDENT_SIZE, recordsFor } from './elf-records.ts'
import { KernelFetchError } from './error.ts'
import { readAt } from './read-at.ts'

/** An ELF file's sections by name; their bytes are read when asked for. */
export interface ElfFile {
  readonly records: ElfRecords
  /** The bytes of a section; undefined when there is none of that name, empty when it has none in the file. */
  section(name: string): Promise<Uint8Array | undefined>
}

interface Section {
  readonly offset: number
  readonly size: number
}

const MAX_HEADER = 64
const SHT_NOBITS = 8
/** Smaller files are read at once: one read costs less than seven. */
const READ_WHOLE = 131_072
const MAX_SECTION = 268_435_456

/** Reads header and section table. Throws `ROS_KERNEL_FETCH_ELF`, naming `subject`, for what is outside the file. */
export async function readElf(file: ByteSource, subject: string): Promise<ElfFile> {
  const whole = file.size <= READ_WHOLE ? await readAt(file, 0, file.size) : undefined
  const bytesAt = async (what: string, offset: number, size: number): Promise<Uint8Array> => {
    if (size > MAX_SECTION)
      throw elfError(subject, `${what} is too large`, `${size} bytes`, `${MAX_SECTION} bytes`)
    if (offset + size > file.size) {
      throw elfError(subject, `${what} lies outside the file`, `${offset}+${size}`, `${file.size} bytes`)
    }
    return whole ? whole.subarray(offset, offset + size) : await readAt(file, offset, size)
  }
  const start = await bytesAt('ELF header', 0, Math.min(file.size, MAX_HEADER))
  const records = recordsFor(start)
  if (!records) {
    const ident = Buffer.from(start.subarray(0, IDENT_SIZE)).toString('hex')
    throw elfError(subject, 'not an ELF file', ident, 'ELF32 or ELF64, little or big endian')
  }
  if (start.length < records.header.size)
    throw elfError(subject, 'ELF header is cut', `${start.length} bytes`)
  const header = decodeHeader(records, start, subject)
  const { sectionHeaders, sectionHeaderSize, sectionCount, sectionNames } = header
  if (sectionCount > 0 && sectionHeaderSize !== records.section.size) {
    const expected = String(records.section.size)
    throw elfError(subject, 'section headers have an unknown size', String(sectionHeaderSize), expected)
  }
  const table = await bytesAt('section table', sectionHeaders, sectionCount * sectionHeaderSize)
  const entries = sectionEntries(table, records, subject)
  const names = entries[sectionNames]
  const nameBytes = names ? await bytesAt('section names', names.offset, names.size) : new Uint8Array()
  const sections = new Map<string, Section>()
  for (const entry of entries) {
    const name = cString(nameBytes, entry.name)
    if (name !== '' && !sections.has(name)) sections.set(name, entry)
  }
  return {
    records,
    async section(name) {
      const found = sections.get(name)
      return found && (await bytesAt(`section ${name}`, found.offset, found.size))
    },
  }
}

/** Offsets are 64 bits wide; what is beyond safe integers is beyond any file. */
function decodeHeader(
  records: ElfRecords,
  start: Uint8Array,
  subject: string,
): ReturnType<ElfRecords['header']['decode']> {
  try {
    return records.header.decode(start)
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw new KernelFetchError('ROS_KERNEL_FETCH_ELF', 'ELF header points outside the file', {
      subject,
      cause,
    })
  }
}

/** Text from `offset` to the next NUL; '' when `offset` is outside. */
export function cString(bytes: Uint8Array, offset: number): string {
  if (offset >= bytes.length) return ''
  const end = bytes.indexOf(0, offset)
  return decode(bytes, offset, end < 0 ? bytes.length : end)
}

/** Names in modules are ASCII; other bytes stay what they are. */
export function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

export function elfError(subject: string, problem: string, got?: string, limit?: string): KernelFetchError {
  return new KernelFetchError('ROS_KERNEL_FETCH_ELF', problem, {
    subject,
    ...(got !== undefined && { got }),
    ...(limit !== undefined && { limit }),
  })
}

function sectionEntries(
  table: Uint8Array,
  records: ElfRecords,
  subject: string,
): (Section & { name: number })[] {
  const { section, littleEndian, wordSize } = records
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const word = (offset: number): number => {
    if (wordSize === 4) return view.getUint32(offset, littleEndian)
    const high = view.getUint32(offset + (littleEndian ? 4 : 0), littleEndian)
    const value = high * 2 ** 32 + view.getUint32(offset + (littleEndian ? 0 : 4), littleEndian)
    if (!Number.isSafeInteger(value)) throw elfError(subject, 'section lies outside the file', String(value))
    return value
  }
  const entries: (Section & { name: number })[] = []
  for (let at = 0; at < table.length; at += section.size) {
    const { name, type, offset, size } = section.offsets
    const absent = view.getUint32(at + type, littleEndian) === SHT_NOBITS
    entries.push({
      name: view.getUint32(at + name, littleEndian),
      offset: absent ? 0 : word(at + offset),
      size: absent ? 0 : word(at + size),
    })
  }
  return entries
}
