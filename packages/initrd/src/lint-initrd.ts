import { type ByteSource, RosError } from '@ros/bytes'
import { detectFormat, type Format, MAGIC_SIZE } from '@ros/compress'
import { ByteWindow } from './byte-window.ts'
import { type LintedArchive, lintArchive } from './lint-archive.ts'
import { type InitrdFinding, initrdFinding } from './lint-rules.ts'
import { ALIGNMENT } from './newc.ts'
import { type ReadInitrdOptions, segmentStore, unpackMember } from './read-initrd.ts'
import { Unpacker } from './unpacker.ts'

/** Bounds of the reading that linting is. */
export interface LintInitrdOptions extends ReadInitrdOptions {}

/**
 * What is wrong with an initramfs, in the order in which it stands: what the kernel refuses, drops or merges without a
 * word, and what other tools read otherwise. All segments are gone through, compressed ones decompressed; after damage
 * that hides where the next one starts, nothing more is found. Throws `ROS_INITRD_LIMIT`, and what the source throws.
 */
export async function* lintInitrd(
  source: ByteSource,
  options: LintInitrdOptions = {},
): AsyncGenerator<InitrdFinding, void> {
  const window = new ByteWindow(source)
  const unpacker = new Unpacker()
  const store = segmentStore(options)
  let previous: LintedArchive | undefined
  let segments = 0
  for (let offset = await window.skipZeros(0); offset < source.size; segments++) {
    unpacker.startSegment()
    const place = { segment: undefined, offset }
    const head = (await window.bytes(offset, 16)).slice()
    const format = detectFormat(head.subarray(0, MAGIC_SIZE))
    if (format === undefined) {
      const archive = /^07070[12]/.test(String.fromCharCode(...head))
      if (!archive) {
        yield initrdFinding(
          'newc/junk',
          place,
          `byte ${offset}`,
          'neither an archive nor compressed in a known way',
        )
        return
      }
      if (offset % ALIGNMENT !== 0)
        yield initrdFinding(
          'newc/alignment',
          place,
          `archive at ${offset}`,
          'the kernel looks for one at a multiple of 4',
        )
      if (previous && !previous.early)
        yield initrdFinding(
          'newc/second-archive',
          place,
          `archive at ${offset}`,
          'cpio tools stop at the end of the first',
        )
      const linted: LintedArchive = yield* lintArchive(source, window, offset, undefined, unpacker)
      if (segments > 0) yield* lintMicrocode(linted, place, 'not in the first archive')
      if (linted.end === undefined) return
      if (!linted.ended)
        yield initrdFinding('newc/no-trailer', place, `archive at ${offset}`, 'TRAILER!!! is missing')
      previous = linted
      const next = await window.skipZeros(linted.end)
      offset = next
      continue
    }
    if (previous && offset % ALIGNMENT !== 0)
      yield initrdFinding(
        'newc/alignment',
        place,
        `segment at ${offset}`,
        'what follows an uncompressed archive starts at a multiple of 4',
      )
    previous = undefined
    const refusal = refusedBy(format, head)
    if (refusal) yield initrdFinding(refusal.rule, place, `segment at ${offset}`, refusal.message)
    if (refusal?.rule === 'initrd/lz4-frame' || format === 'bzip2') return
    let unpacked: { content: ByteSource; size: number }
    try {
      unpacked = await unpackMember(source, offset, format, (chunks) => store(chunks, offset))
    } catch (error) {
      // A damaged segment is a finding; no room for it, and a source that fails, are not.
      if (!(error instanceof RosError) || !error.code.startsWith('ROS_COMPRESS_')) throw error
      yield initrdFinding('initrd/compressed', place, `segment at ${offset}`, error.message)
      return
    }
    yield* lintContent(unpacked.content, offset, unpacker)
    offset = await window.skipZeros(offset + unpacked.size)
  }
}

/** The archives in a compressed segment: zeros may stand between them, nothing else. */
async function* lintContent(
  content: ByteSource,
  segment: number,
  unpacker: Unpacker,
): AsyncGenerator<InitrdFinding, void> {
  const window = new ByteWindow(content)
  for (let offset = 0; offset < content.size; ) {
    const place = { segment, offset }
    if (!/^07070[12]/.test(String.fromCharCode(...(await window.bytes(offset, 6))))) {
      yield initrdFinding('newc/junk', place, `segment at ${segment}`, 'no archive where one should start')
      return
    }
    if (offset % ALIGNMENT !== 0)
      yield initrdFinding(
        'newc/alignment',
        place,
        `archive at ${offset}`,
        'the kernel looks for one at a multiple of 4',
      )
    const linted: LintedArchive = yield* lintArchive(content, window, offset, segment, unpacker)
    yield* lintMicrocode(linted, place, 'in a compressed segment')
    if (linted.end === undefined) return
    if (!linted.ended)
      yield initrdFinding(
        'newc/compressed-no-trailer',
        place,
        `segment at ${segment}`,
        'TRAILER!!! is missing',
      )
    offset = await window.skipZeros(linted.end)
  }
}

function* lintMicrocode(
  { names }: LintedArchive,
  place: { segment: number | undefined; offset: number },
  where: string,
): Generator<InitrdFinding> {
  const name = names.find((each) => /^(\.\/)?kernel\/x86\/microcode\/[^/]+\.bin$/.test(each))
  if (name !== undefined)
    yield initrdFinding('initrd/microcode', place, name, `${where}: the early loader does not see it`)
}

const XZ_CHECK = 7
const LZ4_FRAME = 0x04

function refusedBy(format: Format, head: Uint8Array) {
  if (format === 'xz' && (head[XZ_CHECK] ?? 0) > 1)
    return {
      rule: 'initrd/xz-check',
      message: 'the kernel decodes xz with CRC32 or no check: use --check=crc32',
    } as const
  if (format === 'lz4' && head[0] === LZ4_FRAME)
    return { rule: 'initrd/lz4-frame', message: 'the kernel decodes the legacy format: use lz4 -l' } as const
  if (format === 'bzip2')
    return {
      rule: 'initrd/unread',
      message: `what follows is not checked: ${format} is not read here`,
    } as const
  return undefined
}
