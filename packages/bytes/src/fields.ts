import { BytesError } from './error.ts'

/**
 * A field of a fixed width. `label` names record and field in errors: `write` throws `ROS_BYTES_RANGE` for a value that
 * the field cannot hold and where there is no room for it, `read` throws it for bytes that are no such value, and
 * `ROS_BYTES_SHORT` where the bytes end inside the field.
 */
export interface Field<T> {
  /** Width in bytes. */
  readonly size: number
  write(target: Uint8Array, offset: number, value: T, label: string): void
  read(bytes: Uint8Array, offset: number, label: string): T
}

/** Throws `ROS_BYTES_RANGE` unless `value` is an integer from 0 to `max`. Returns it. */
export function checkUint(value: number, max: number, label: string): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new BytesError('ROS_BYTES_RANGE', 'number does not fit its field', {
      subject: label,
      got: String(value),
      limit: `0 … ${max}`,
    })
  }
  return value
}

/** Bytes written past the end of an array would vanish without an error. */
function checkRoom(target: Uint8Array, offset: number, size: number, label: string): void {
  if (offset >= 0 && offset + size <= target.length) return
  throw new BytesError('ROS_BYTES_RANGE', 'no room for the field', {
    subject: label,
    got: `offset ${offset}`,
    limit: `${size} bytes in ${target.length}`,
  })
}

function checkThere(bytes: Uint8Array, offset: number, size: number, label: string): void {
  if (offset >= 0 && offset + size <= bytes.length) return
  throw new BytesError('ROS_BYTES_SHORT', 'bytes end inside the field', {
    subject: label,
    got: `offset ${offset}`,
    limit: `${size} bytes in ${bytes.length}`,
  })
}

const uint = (size: number, littleEndian: boolean): Field<number> => {
  const max = 256 ** size - 1
  return {
    size,
    write(target, offset, value, label) {
      let rest = checkUint(value, Math.min(max, Number.MAX_SAFE_INTEGER), label)
      checkRoom(target, offset, size, label)
      for (let i = 0; i < size; i++) {
        target[offset + (littleEndian ? i : size - 1 - i)] = rest % 256
        rest = Math.floor(rest / 256)
      }
    },
    read(bytes, offset, label) {
      checkThere(bytes, offset, size, label)
      let value = 0
      for (let i = 0; i < size; i++)
        value = value * 256 + (bytes[offset + (littleEndian ? size - 1 - i : i)] ?? 0)
      return checkUint(value, Number.MAX_SAFE_INTEGER, label)
    },
  }
}

/** An unsigned byte. This and the following throw `ROS_BYTES_RANGE` for a value that the field cannot hold. */
export const u8 = uint(1, true)
/** Unsigned, 2 bytes, little-endian. */
export const u16le = uint(2, true)
/** Unsigned, 4 bytes, little-endian. */
export const u32le = uint(4, true)
/** Unsigned, 8 bytes, little-endian; safe integers only. */
export const u64le = uint(8, true)
/** Unsigned, 2 bytes, big-endian. */
export const u16be = uint(2, false)
/** Unsigned, 4 bytes, big-endian. */
export const u32be = uint(4, false)
/** Unsigned, 8 bytes, big-endian; safe integers only. */
export const u64be = uint(8, false)

const both = (little: Field<number>, big: Field<number>): Field<number> => ({
  size: little.size + big.size,
  write(target, offset, value, label) {
    checkRoom(target, offset, little.size + big.size, label)
    little.write(target, offset, value, label)
    big.write(target, offset + little.size, value, label)
  },
  // Readers of these formats take the little-endian half; whether the halves agree is a question for lint.
  read(bytes, offset, label) {
    checkThere(bytes, offset, little.size + big.size, label)
    return little.read(bytes, offset, label)
  },
})

/** 16 bits in both byte orders, little-endian first (ECMA-119 §7.2.3). */
export const both16 = both(u16le, u16be)
/** 32 bits in both byte orders, little-endian first (ECMA-119 §7.3.3). */
export const both32 = both(u32le, u32be)

/** Eight hexadecimal digits: upper case when written, either case when read (cpio newc). */
export const hex8: Field<number> = {
  size: 8,
  write(target, offset, value, label) {
    const digits = checkUint(value, 0xffff_ffff, label).toString(16).toUpperCase().padStart(8, '0')
    checkRoom(target, offset, 8, label)
    for (let i = 0; i < 8; i++) target[offset + i] = digits.charCodeAt(i)
  },
  read(bytes, offset, label) {
    checkThere(bytes, offset, 8, label)
    const digits = String.fromCharCode(...bytes.subarray(offset, offset + 8))
    if (!/^[0-9a-fA-F]{8}$/.test(digits)) {
      throw new BytesError('ROS_BYTES_RANGE', 'not eight hexadecimal digits', {
        subject: label,
        got: JSON.stringify(digits),
      })
    }
    return Number.parseInt(digits, 16)
  },
}

/** ASCII text, padded on the right with `pad` (default NUL). Too long or not ASCII throws; read keeps the padding off. */
export function ascii(size: number, pad = '\0'): Field<string> {
  const fill = pad.charCodeAt(0)
  return {
    size,
    write(target, offset, value, label) {
      if (value.length > size || /[^\0-\x7f]/.test(value)) {
        throw new BytesError('ROS_BYTES_RANGE', 'text does not fit its field', {
          subject: label,
          got: JSON.stringify(value),
          limit: `${size} ASCII characters`,
        })
      }
      checkRoom(target, offset, size, label)
      for (let i = 0; i < size; i++) target[offset + i] = i < value.length ? value.charCodeAt(i) : fill
    },
    read(bytes, offset, label) {
      checkThere(bytes, offset, size, label)
      let end = offset + size
      while (end > offset && bytes[end - 1] === fill) end--
      return String.fromCharCode(...bytes.subarray(offset, end))
    },
  }
}

/** Bytes of exactly this length. */
export function raw(size: number): Field<Uint8Array> {
  return {
    size,
    write(target, offset, value, label) {
      if (value.length !== size) {
        throw new BytesError('ROS_BYTES_RANGE', 'bytes have another length than their field', {
          subject: label,
          got: `${value.length} bytes`,
          limit: `${size} bytes`,
        })
      }
      checkRoom(target, offset, size, label)
      target.set(value, offset)
    },
    read(bytes, offset, label) {
      checkThere(bytes, offset, size, label)
      return bytes.slice(offset, offset + size)
    },
  }
}
