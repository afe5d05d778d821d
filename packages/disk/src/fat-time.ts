import { DiskError } from './error.ts'

/** Date and time of a directory entry (Microsoft FAT specification 1.03, "Date and Time Formats"), taken as UTC. */
export interface FatTime {
  readonly date: number
  /** In steps of two seconds. */
  readonly time: number
  /** What `time` leaves out, in hundredths: 0 or 100. */
  readonly hundredths: number
}

const MIN = Date.UTC(1980, 0, 1) / 1000
const MAX = Date.UTC(2108, 0, 1) / 1000 - 1

/** Throws `ROS_DISK_DATE` unless `seconds` since 1970 is whole and within what an entry can hold. */
export function encodeFatTime(seconds: number, subject: string): FatTime {
  if (!Number.isSafeInteger(seconds) || seconds < MIN || seconds > MAX) {
    throw new DiskError('ROS_DISK_DATE', 'time does not fit a FAT directory entry', {
      subject,
      got: String(seconds),
      limit: `${MIN} … ${MAX} seconds since 1970: years 1980 … 2107`,
    })
  }
  const date = new Date(seconds * 1000)
  return {
    date: (date.getUTCFullYear() - 1980) * 512 + (date.getUTCMonth() + 1) * 32 + date.getUTCDate(),
    time: date.getUTCHours() * 2048 + date.getUTCMinutes() * 32 + Math.floor(date.getUTCSeconds() / 2),
    hundredths: (date.getUTCSeconds() % 2) * 100,
  }
}

/** Seconds since 1970; 0 for a date that was never set. */
export function decodeFatTime(date: number, time: number): number {
  const month = Math.floor(date / 32) % 16
  const day = date % 32
  if (month < 1 || month > 12 || day < 1) return 0
  const hour = Math.floor(time / 2048)
  const minute = Math.floor(time / 32) % 64
  return Date.UTC(1980 + Math.floor(date / 512), month - 1, day, hour, minute, (time % 32) * 2) / 1000
}
