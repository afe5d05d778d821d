import { DiskError } from './error.ts'

/**
 * A GUID's 16 bytes: the first three groups as little-endian numbers, the others as they are read (UEFI 2.10, appendix A).
 * Throws `ROS_DISK_FIELD` for text that is no GUID; `subject` names it.
 */
export function encodeGuid(guid: string, subject: string): Uint8Array {
  if (!/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(guid)) {
    throw new DiskError('ROS_DISK_FIELD', 'not a GUID', {
      subject,
      got: JSON.stringify(guid),
      limit: '8-4-4-4-12 hexadecimal digits',
    })
  }
  return swapped(Uint8Array.from(Buffer.from(guid.replaceAll('-', ''), 'hex')))
}

/** In lower case, as Linux prints it. */
export function decodeGuid(bytes: Uint8Array): string {
  const digits = Buffer.from(swapped(bytes.slice(0, 16))).toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function swapped(bytes: Uint8Array): Uint8Array {
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    bytes.subarray(from, to).reverse()
  return bytes
}
