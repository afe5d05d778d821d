import { decodeName } from '@ros/bytes'
import { archiveError } from './tar-header.ts'

/** The records `LENGTH KEY=VALUE\n` of a pax extended header (POSIX.1-2017, pax §Extended Header); a value may be empty. */
export function* paxRecords(body: Uint8Array, subject: string): Iterable<[key: string, value: Uint8Array]> {
  for (let offset = 0; offset < body.length && body[offset] !== 0; ) {
    const space = body.indexOf(0x20, offset)
    const equals = body.indexOf(0x3d, offset)
    const digits = decodeName(body.subarray(offset, Math.min(Math.max(space, offset), offset + 10)))
    const end = offset + Number(digits)
    const whole = /^\d+$/.test(digits) && end <= body.length && body[end - 1] === 0x0a
    if (!whole || equals < space || equals >= end) throw archiveError(subject, 'pax record is malformed')
    yield [decodeName(body.subarray(space + 1, equals)), body.slice(equals + 1, end - 1)]
    offset = end
  }
}
