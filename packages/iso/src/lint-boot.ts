import { slice, u16le, u32le } from '@ros/bytes'
import { sumOfWords } from './el-torito.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import { SECTOR } from './sector.ts'
import { bootEntry, validationEntry } from './volume-descriptor.ts'

const ENTRY = 32
const FIRST_DESCRIPTOR = 16
const TABLE = { descriptor: 8, image: 12, length: 16, sum: 20, end: 64 }
// Where GRUB's boot image is told its own place after the sum was taken (xorriso, --grub2-boot-info).
const GRUB = { start: 2548, end: 2556 }

/** Checks the boot catalogue, and the boot info table of the images that have one. */
export async function* lintBoot(
  image: LintImage,
  catalogLba: number,
  files: ReadonlyMap<number, number>,
): AsyncGenerator<IsoFinding, void> {
  const start = catalogLba * SECTOR
  const subject = 'boot catalogue'
  const sector = await image.bytes(start, SECTOR)
  if (!sector) {
    yield isoFinding('eltorito/extent', 17 * SECTOR, subject, `sector ${catalogLba} is not in the file`)
    return
  }
  const { headerId, keyBytes } = validationEntry.decode(sector)
  let sum = 0
  for (let i = 0; i < ENTRY; i += 2) sum += u16le.read(sector, i, subject)
  const { offsets } = validationEntry
  if (headerId !== 1) yield isoFinding('eltorito/header', start, subject, `header id ${headerId}, not 1`)
  if (sum % 0x1_0000 !== 0)
    yield isoFinding(
      'eltorito/checksum',
      start + offsets.checksum,
      subject,
      `the words sum to ${sum % 0x1_0000}, not 0`,
    )
  if (keyBytes !== 0xaa55)
    yield isoFinding('eltorito/key', start + offsets.keyBytes, subject, 'no 55 AA at byte 30')

  for (const offset of entryOffsets(sector)) {
    const { bootIndicator, loadLba } = bootEntry.decode(sector, offset)
    if (bootIndicator !== 0x88) continue
    const at = start + offset + bootEntry.offsets.loadLba
    if (loadLba * SECTOR + 512 > image.source.size || loadLba <= FIRST_DESCRIPTOR) {
      yield isoFinding('eltorito/extent', at, 'boot image', `sector ${loadLba} is not in the file`)
      continue
    }
    yield* lintBootInfoTable(image, loadLba, files.get(loadLba))
  }
}

/** Offsets of the initial entry and of those of sections; extensions are left out. */
function* entryOffsets(sector: Uint8Array): Generator<number> {
  yield ENTRY
  for (let offset = 2 * ENTRY; offset + ENTRY <= SECTOR; ) {
    const header = sector[offset]
    if (header !== 0x90 && header !== 0x91) return
    const count = u16le.read(sector, offset + 2, 'section header')
    offset += ENTRY
    for (let i = 0; i < count && offset + ENTRY <= SECTOR; offset += ENTRY) {
      if (sector[offset] === 0x44) continue
      yield offset
      i++
    }
    if (header === 0x91) return
  }
}

async function* lintBootInfoTable(
  image: LintImage,
  lba: number,
  fileSize: number | undefined,
): AsyncGenerator<IsoFinding, void> {
  const start = lba * SECTOR
  const head = await image.bytes(start, TABLE.end)
  const word = (at: number) => (head ? u32le.read(head, at, 'boot info table') : 0)
  // An image without a table has code or zeros here: only one that names both sectors has one.
  if (!head || word(TABLE.descriptor) !== FIRST_DESCRIPTOR || word(TABLE.image) !== lba) return
  const subject = `boot info table at sector ${lba}`
  const length = word(TABLE.length)
  if (
    (fileSize !== undefined && length !== fileSize) ||
    length < TABLE.end ||
    start + length > image.source.size
  ) {
    yield isoFinding(
      'eltorito/boot-info-table',
      start + TABLE.length,
      subject,
      `length ${length}, the image has ${fileSize ?? image.source.size - start}`,
    )
    return
  }
  const body = slice(image.source, start + TABLE.end, length - TABLE.end)
  const sum = await sumOfWords(body)
  const stored = word(TABLE.sum)
  if (sum === stored) return
  if (length >= GRUB.end) {
    const patched = await sumOfWords(slice(image.source, start + GRUB.start, GRUB.end - GRUB.start))
    if ((sum - patched + 2 ** 32) % 2 ** 32 === stored) return
  }
  yield isoFinding(
    'eltorito/boot-info-table',
    start + TABLE.sum,
    subject,
    `sum ${stored}, its words sum to ${sum}`,
  )
}
