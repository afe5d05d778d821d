import { DebianError } from './error.ts'

/** A paragraph of a control file: fields by name in lower case. */
export interface Paragraph {
  /** Number of its first line, from 1. */
  readonly line: number
  /** Values as written, without the space around; the lines of a folded or multi-line value are joined by newlines. */
  readonly fields: ReadonlyMap<string, string>
}

/** Takes bytes in any portions and gives the paragraphs that are complete. */
export interface ParagraphReader {
  push(bytes: Uint8Array): Paragraph[]
  end(): Paragraph[]
}

const NEWLINE = 0x0a
const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09
const MAX_LINE = 1_048_576

/**
 * Reads control data (Debian Policy §5.1, deb822(5)). With `wanted`, only those fields (lower case) are decoded and kept.
 * Throws `ROS_DEBIAN_SYNTAX` with the line number for: a line without a colon, a bad field name, a field twice in a
 * paragraph, a continuation with nothing before it, bytes that are not UTF-8, a line over 1 MiB.
 */
export function paragraphReader(subject: string, wanted?: ReadonlySet<string>): ParagraphReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = Buffer.alloc(0)
  let lineNumber = 0
  let first = 0
  let fields = new Map<string, string>()
  let seen = new Set<string>()
  // Name of the field that a continuation line belongs to; '' when that field is not wanted.
  let current: string | undefined

  const fail: (problem: string, got: string) => never = (problem, got) => {
    throw new DebianError('ROS_DEBIAN_SYNTAX', problem, {
      subject: `${subject}, line ${lineNumber}`,
      got: JSON.stringify(got.slice(0, 80)),
      limit: 'deb822(5)',
    })
  }
  const decode = (bytes: Buffer): string => {
    try {
      return decoder.decode(bytes)
    } catch {
      fail('not UTF-8', bytes.toString('latin1', 0, 80))
    }
  }
  const finish = (out: Paragraph[]) => {
    if (seen.size > 0) out.push({ line: first, fields })
    fields = new Map()
    seen = new Set()
    current = undefined
  }
  const field = (bytes: Buffer) => {
    const colon = bytes.indexOf(COLON)
    const name = colon < 0 ? '' : bytes.toString('latin1', 0, colon).toLowerCase()
    if (!/^[!-9;-~]+$/.test(name) || name.startsWith('-') || name.startsWith('#')) {
      fail('not a field', bytes.toString('latin1', 0, 80))
    }
    if (seen.has(name)) fail('field appears twice in one paragraph', name)
    if (seen.size === 0) first = lineNumber
    seen.add(name)
    current = wanted && !wanted.has(name) ? '' : name
    if (current !== '') fields.set(name, decode(bytes.subarray(colon + 1)).trim())
  }
  const line = (bytes: Buffer, out: Paragraph[]) => {
    lineNumber++
    if (bytes.length === 0 || isBlank(bytes)) return finish(out)
    if (bytes[0] !== SPACE && bytes[0] !== TAB) return field(bytes)
    if (current === undefined) fail('continuation of no field', bytes.toString('latin1', 0, 80))
    else if (current !== '') fields.set(current, `${fields.get(current)}\n${decode(bytes).trim()}`)
  }
  return {
    push(bytes) {
      const out: Paragraph[] = []
      const chunk = Buffer.concat([rest, bytes])
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        line(chunk.subarray(start, end), out)
        start = end + 1
      }
      rest = Buffer.from(chunk.subarray(start))
      if (rest.length > MAX_LINE) {
        lineNumber++
        fail(`line is longer than ${MAX_LINE} bytes`, '…')
      }
      return out
    },
    end() {
      const out: Paragraph[] = []
      if (rest.length > 0) line(rest, out)
      finish(out)
      return out
    },
  }
}

/** All paragraphs of a text. */
export function parseParagraphs(text: string, subject: string): Paragraph[] {
  const reader = paragraphReader(subject)
  return [...reader.push(new TextEncoder().encode(text)), ...reader.end()]
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === SPACE || byte === TAB)
}
