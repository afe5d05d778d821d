import { concat, fromBytes, record, u8, u16le, u32le } from '@ros/bytes'
import { extInode } from './ext-records.ts'
import { formatError } from './read-bytes.ts'

/** Entry of the extended attributes behind an inode (Linux, Documentation/filesystems/ext4/attributes.rst). */
const attributeEntry = record(
  'attribute entry',
  [
    ['nameLength', u8],
    ['nameIndex', u8],
    ['valueOffset', u16le], // from the first entry on
    ['valueInode', u32le],
    ['valueSize', u32le],
    ['hash', u32le],
  ],
  16,
)

const MAGIC = 0xea02_0000
const SYSTEM = 7

/** Small content in place of the block map: 60 bytes, and the rest as the attribute `system.data` (inlinedata.rst). */
export function inlineData(
  inode: Uint8Array,
  size: number,
  subject: string,
): { first: Uint8Array; rest: Uint8Array } {
  const at = extInode.offsets.block
  const first = inode.slice(at, at + Math.min(size, 60))
  const rest = size > 60 ? systemData(inode) : new Uint8Array()
  if (!rest || first.length + rest.length < size)
    throw formatError(
      subject,
      'inline data ends early',
      `${first.length + (rest?.length ?? 0)} of ${size} bytes`,
    )
  return { first, rest: rest.slice(0, size - first.length) }
}

/** The same as one content. */
export function inlineContent(inode: Uint8Array, size: number, subject: string) {
  const { first, rest } = inlineData(inode, size, subject)
  return rest.length === 0 ? fromBytes(first) : concat([fromBytes(first), fromBytes(rest)])
}

function systemData(inode: Uint8Array): Uint8Array | undefined {
  if (inode.length < extInode.size + 4) return undefined
  const start = extInode.size + u16le.read(inode, extInode.size, 'inode')
  if (start + 4 > inode.length || u32le.read(inode, start, 'attributes') !== MAGIC) return undefined
  const entries = inode.subarray(start + 4)
  for (let position = 0; position + attributeEntry.size <= entries.length && entries[position] !== 0; ) {
    const { nameLength, nameIndex, valueOffset, valueSize } = attributeEntry.decode(entries, position)
    const name = entries.subarray(position + attributeEntry.size, position + attributeEntry.size + nameLength)
    if (nameIndex === SYSTEM && String.fromCharCode(...name) === 'data')
      return entries.slice(valueOffset, valueOffset + valueSize)
    position += Math.ceil((attributeEntry.size + nameLength) / 4) * 4
  }
  return undefined
}
