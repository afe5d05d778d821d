const BLOCK = 512
const encoder = new TextEncoder()

/**
 * The body of a pax extended header (POSIX.1-2017, pax §Extended Header): one record `length key=value\n` each, values
 * as raw bytes, filled to whole blocks by a `comment` record, which readers ignore.
 */
export function paxBody(records: ReadonlyMap<string, Uint8Array | string>): Uint8Array {
  const parts = [...records].map(([key, value]) => paxRecord(key, value))
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const rest = size % BLOCK
  // Fillers of 100 bytes and more have three digits of length, whatever their text.
  if (rest !== 0) parts.push(filler(BLOCK - rest < 100 ? 2 * BLOCK - rest : BLOCK - rest))
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    body.set(part, position)
    position += part.length
  }
  return body
}

function paxRecord(key: string, value: Uint8Array | string): Uint8Array {
  const content = typeof value === 'string' ? encoder.encode(value) : value
  const head = encoder.encode(` ${key}=`)
  const rest = head.length + content.length + 1
  let total = rest + 1
  // The length counts its own digits.
  while (total !== rest + String(total).length) total = rest + String(total).length
  const record = new Uint8Array(total)
  const digits = encoder.encode(String(total))
  record.set(digits)
  record.set(head, digits.length)
  record.set(content, digits.length + head.length)
  record[total - 1] = 0x0a
  return record
}

/** A comment record of exactly `length` bytes, 100 … 999. */
function filler(length: number): Uint8Array {
  const head = `${length} comment=`
  return encoder.encode(`${head}${' '.repeat(length - head.length - 1)}\n`)
}
