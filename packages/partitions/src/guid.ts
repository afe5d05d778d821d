import { PartitionsError } from './error.ts'

/** The first three groups are stored as little-endian numbers, the others as they are read (UEFI 2.10, appendix A). */
const LITTLE_ENDIAN = [
  [0, 4],
  [4, 6],
  [6, 8],
] as const

/** 8-4-4-4-12 hexadecimal digits to 16 bytes. Throws `ROS_PARTITIONS_FIELD` for other text. */
export function encodeGuid(guid: string): Uint8Array {
  if (!isGuid(guid)) {
    throw new PartitionsError('ROS_PARTITIONS_FIELD', 'not a GUID', {
      subject: 'GUID',
      got: JSON.stringify(guid),
      limit: '8-4-4-4-12 hexadecimal digits',
    })
  }
  const digits = guid.replaceAll('-', '')
  return turned(
    Uint8Array.from({ length: 16 }, (_, index) =>
      Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
    ),
  )
}

/** In lower case. */
export function decodeGuid(bytes: Uint8Array): string {
  const digits = Array.from(turned(bytes.slice(0, 16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Whether a text is a GUID: 8-4-4-4-12 hexadecimal digits, in either case. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

function turned(bytes: Uint8Array): Uint8Array {
  for (const [from, to] of LITTLE_ENDIAN) bytes.subarray(from, to).reverse()
  return bytes
}
