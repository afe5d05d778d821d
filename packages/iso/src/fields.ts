import { BytesError, type Field } from '@ros/bytes'
import { IsoError } from './error.ts'

// The 7-byte date counts years from 1900 in one byte: 1900-01-01T00:00:00Z … 2155-12-31T23:59:59Z.
const RECORD_DATE_MIN = Date.UTC(1900, 0, 1) / 1000
const RECORD_DATE_MAX = Date.UTC(2156, 0, 1) / 1000 - 1

/** Throws `ROS_ISO_DATE` unless `seconds` since 1970 is whole and within what a directory record can hold. */
export function checkDate(seconds: number, subject: string): number {
  if (!Number.isSafeInteger(seconds) || seconds < RECORD_DATE_MIN || seconds > RECORD_DATE_MAX) {
    throw new IsoError('ROS_ISO_DATE', 'time does not fit a directory record', {
      subject,
      got: String(seconds),
      limit: `${RECORD_DATE_MIN} … ${RECORD_DATE_MAX} seconds since 1970: years 1900 … 2155, ECMA-119 §9.1.5`,
    })
  }
  return seconds
}

/** As `checkDate` for a date of a volume descriptor, which has hundredths of a second as well. */
export function checkVolumeDate(seconds: number, subject: string): number {
  checkDate(Math.floor(seconds), subject)
  if (Math.round(seconds * 100) / 100 === seconds) return seconds
  throw new IsoError('ROS_ISO_DATE', 'time does not fit a volume descriptor', {
    subject,
    got: String(seconds),
    limit: 'whole hundredths of a second',
  })
}

/** Seconds since 1970 from a civil date; `quarters` is the offset from UTC in quarters of an hour. */
function fromCivil(parts: readonly [number, number, number, number, number, number], quarters: number) {
  const [year, month, day, hour, minute, second] = parts
  // Date.UTC reads years 0 … 99 as 1900 … 1999.
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second))
  date.setUTCFullYear(year)
  return date.getTime() / 1000 - quarters * 900
}

/** Date and time of a directory record and of Rock Ridge's TF, in UTC (ECMA-119 §9.1.5). `null` is "not specified". */
export const recordDate: Field<number | null> = {
  size: 7,
  write(target, offset, value, label) {
    if (value === null) {
      target.fill(0, offset, offset + 7)
      return
    }
    const date = new Date(checkDate(value, label) * 1000)
    target[offset] = date.getUTCFullYear() - 1900
    target[offset + 1] = date.getUTCMonth() + 1
    target[offset + 2] = date.getUTCDate()
    target[offset + 3] = date.getUTCHours()
    target[offset + 4] = date.getUTCMinutes()
    target[offset + 5] = date.getUTCSeconds()
    target[offset + 6] = 0
  },
  read(bytes, offset) {
    const at = (index: number) => bytes[offset + index] ?? 0
    if (at(1) < 1 || at(1) > 12 || at(2) < 1 || at(2) > 31) return null
    const quarters = at(6) > 127 ? at(6) - 256 : at(6)
    return fromCivil([1900 + at(0), at(1), at(2), at(3), at(4), at(5)], quarters)
  },
}

/** Date and time of a volume descriptor: 16 digits and the offset from UTC (ECMA-119 §8.4.26.1). `null` as above. */
export const volumeDate: Field<number | null> = {
  size: 17,
  write(target, offset, value, label) {
    let digits = '0'.repeat(16)
    if (value !== null) {
      const seconds = Math.floor(checkVolumeDate(value, label))
      const iso = new Date(seconds * 1000).toISOString()
      const hundredths = String(Math.min(99, Math.round((value - seconds) * 100))).padStart(2, '0')
      digits = `${iso.replaceAll(/\D/g, '').slice(0, 14)}${hundredths}`
    }
    for (let i = 0; i < 16; i++) target[offset + i] = digits.charCodeAt(i)
    target[offset + 16] = 0
  },
  read(bytes, offset) {
    const digits = String.fromCharCode(...bytes.subarray(offset, offset + 16))
    const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?/.exec(digits)
    if (!match || /^0+$/.test(digits)) return null
    const part = (index: number) => Number(match[index])
    const zone = bytes[offset + 16] ?? 0
    const civil = [part(1), part(2), part(3), part(4), part(5), part(6)] as const
    if (civil[1] < 1 || civil[1] > 12) return null
    const seconds = fromCivil(civil, zone > 127 ? zone - 256 : zone)
    const hundredths = Number(match[7] ?? 0)
    return hundredths === 0 ? seconds : Math.round(seconds * 100 + hundredths) / 100
  },
}

/** Big-endian UCS-2 text, padded with spaces; an odd last byte stays zero (Joliet §Text fields). */
export function ucs2(size: number): Field<string> {
  const units = Math.floor(size / 2)
  return {
    size,
    write(target, offset, value, label) {
      if (value.length > units) {
        throw new BytesError('ROS_BYTES_RANGE', 'text does not fit its field', {
          subject: label,
          got: JSON.stringify(value),
          limit: `${units} UCS-2 characters`,
        })
      }
      target.fill(0, offset, offset + size)
      for (let i = 0; i < units; i++) {
        const unit = i < value.length ? value.charCodeAt(i) : 0x20
        target[offset + 2 * i] = Math.floor(unit / 256)
        target[offset + 2 * i + 1] = unit % 256
      }
    },
    read: (bytes, offset) => decodeUcs2(bytes.subarray(offset, offset + 2 * units)).replace(/[\0 ]+$/, ''),
  }
}

/** Big-endian UTF-16 code units of `text`. */
export function encodeUcs2(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = Math.floor(text.charCodeAt(i) / 256)
    bytes[2 * i + 1] = text.charCodeAt(i) % 256
  }
  return bytes
}

export function decodeUcs2(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i + 1 < bytes.length; i += 2)
    text += String.fromCharCode((bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0))
  return text
}
