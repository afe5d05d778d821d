import { type ByteSource, both32, slice, u32be, u32le } from '@ros/bytes'
import { readMbr } from '@ros/partitions'
import type { Extent } from './directory-record.ts'
import { directoryRecord } from './directory-record.ts'
import { ImageBytes } from './image-bytes.ts'
import { readCatalog } from './read-boot.ts'
import { readDirectory } from './read-directory.ts'
import { nameOf } from './read-node.ts'
import { findSharing, readRockRidge } from './read-system-use.ts'
import { SECTOR, sectorsFor } from './sector.ts'
import { BOOT_SYSTEM, bootRecord, descriptorType, primaryVolumeDescriptor } from './volume-descriptor.ts'

/** A run of an image's sectors and what it is there for. */
export interface SectorRun {
  readonly owner: string
  readonly lba: number
  readonly sectorCount: number
  /** Bytes in use; 0 for what nothing names. */
  readonly size: number
}

const NOBODY = 'nothing names it'

/**
 * Who owns every sector of an image, from 0 to its end: descriptors, path tables, directories, continuation areas, files, boot images, partitions. What
 * has several owners goes to the first of them that is found; a directory before a file. Throws as `readIso`.
 */
export async function readSectors(source: ByteSource): Promise<SectorRun[]> {
  const owned: SectorRun[] = []
  const add = (owner: string, lba: number, size: number) => {
    if (size > 0) owned.push({ owner, lba, size, sectorCount: sectorsFor(size) })
  }
  add('system area', 0, 16 * SECTOR)
  await addVolumes(source, '', 0, add)
  const mbr = await readMbr(source)
  for (const { number, start, count } of mbr?.entries ?? []) {
    const lba = start / (SECTOR / 512)
    if (!Number.isInteger(lba) || lba === 0) continue
    const inside = slice(source, Math.min(lba * SECTOR, source.size), Math.max(0, source.size - lba * SECTOR))
    if (await hasDescriptor(inside)) await addVolumes(inside, `partition ${number}: `, lba, add)
    else if ((lba + 1) * SECTOR <= source.size) add(`partition ${number}`, lba, count * 512)
  }
  return withGaps(owned, Math.ceil(source.size / SECTOR))
}

type Add = (owner: string, lba: number, size: number) => void

async function hasDescriptor(source: ByteSource): Promise<boolean> {
  if (source.size < 17 * SECTOR) return false
  const sector = await new ImageBytes(source).sector('volume descriptor', 16)
  return String.fromCharCode(...sector.subarray(1, 6)) === 'CD001'
}

async function addVolumes(source: ByteSource, label: string, base: number, add: Add): Promise<void> {
  const image = new ImageBytes(source)
  const { offsets } = primaryVolumeDescriptor
  const files = new Map<number, string>()
  const catalogs: number[] = []
  for (let lba = 16; lba < 80; lba++) {
    const sector = await image.sector(`volume descriptor at sector ${lba}`, lba)
    if (String.fromCharCode(...sector.subarray(1, 6)) !== 'CD001') break
    const type = sector[0]
    if (type === descriptorType.boot && bootRecord.decode(sector).bootSystemIdentifier === BOOT_SYSTEM) {
      catalogs.push(bootRecord.decode(sector).catalogLba)
      add(`${label}boot record`, base + lba, SECTOR)
    } else if (type === descriptorType.terminator) {
      add(`${label}volume descriptor set terminator`, base + lba, SECTOR)
      break
    } else if (type === descriptorType.primary || type === descriptorType.supplementary) {
      const joliet = type === descriptorType.supplementary && sector[6] === 1
      const kind = joliet ? 'Joliet ' : ''
      const named = type === descriptorType.primary ? 'primary' : joliet ? 'Joliet' : 'enhanced'
      add(`${label}${named} volume descriptor`, base + lba, SECTOR)
      const size = u32le.read(sector, offsets.pathTableSize, 'path table')
      for (const [which, at, field] of [
        ['L', offsets.typeLPathTable, u32le],
        ['L, second copy', offsets.optionalTypeLPathTable, u32le],
        ['M', offsets.typeMPathTable, u32be],
        ['M, second copy', offsets.optionalTypeMPathTable, u32be],
      ] as const) {
        const place = field.read(sector, at, 'path table')
        if (place > 0) add(`${label}${kind}path table ${which}`, base + place, size)
      }
      const { extentLba, dataLength } = directoryRecord.decode(sector, offsets.rootDirectoryRecord)
      const root = { lba: extentLba, size: dataLength }
      await addDirectories(image, root, { joliet, label: `${label}${kind}`, base, add, files })
    } else add(`${label}volume descriptor of type ${type}`, base + lba, SECTOR)
  }
  for (const lba of catalogs) {
    add('boot catalogue', base + lba, SECTOR)
    for (const { platform, lba: at, loadSectors } of await readCatalog(image, lba, (place) =>
      files.get(place),
    ))
      if (!files.has(at)) add(`boot image for ${platform}`, base + at, Math.max(1, loadSectors) * 512)
  }
}

interface Walk {
  readonly joliet: boolean
  readonly label: string
  readonly base: number
  readonly add: Add
  readonly files: Map<number, string>
}

async function addDirectories(image: ImageBytes, root: Extent, walk: Walk): Promise<void> {
  const { joliet, label, base, add, files } = walk
  const visited = new Set<number>()
  let sharing: ReturnType<typeof findSharing>
  const waiting = [{ path: '', extent: root }]
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { path, extent } = next
    if (visited.has(extent.lba)) continue
    visited.add(extent.lba)
    add(`${label}directory /${path}`, base + extent.lba, extent.size)
    const { self, records } = await readDirectory(image, `/${path}`, extent)
    if (path === '') sharing = findSharing(self.systemUse)
    for (const record of [self, ...records]) {
      const area = record.systemUse.subarray(
        record === self && path === '' ? (sharing?.start ?? 0) : (sharing?.skip ?? 0),
      )
      if (sharing && !joliet)
        for (const place of continuations(area))
          add(`${label}continuation area`, base + place.lba, place.size)
      if (record === self) continue
      const rock = sharing && !joliet ? await readRockRidge(image, `/${path}`, area) : {}
      const below = `${path === '' ? '' : `${path}/`}${nameOf(record, rock, joliet, `/${path}`)}`
      const [first] = record.extents
      if (record.directory && first) waiting.push({ path: below, extent: first })
      if (record.directory) continue
      for (const { lba, size } of record.extents) {
        if (size > 0 && !files.has(lba)) add(`file /${below}`, base + lba, size)
        if (size > 0) files.set(lba, below)
      }
    }
  }
}

/** Where the CE entries of an area lead; sectors that several share come several times. */
function* continuations(area: Uint8Array): Generator<{ lba: number; size: number }> {
  for (let position = 0; position + 4 <= area.length; ) {
    const length = area[position + 2] ?? 0
    if (length < 4 || position + length > area.length) return
    if (area[position] === 0x43 && area[position + 1] === 0x45 && length >= 28) {
      const [lba, offset, size] = [4, 12, 20].map((at) => both32.read(area, position + at, 'CE'))
      yield { lba: lba ?? 0, size: (offset ?? 0) + (size ?? 0) }
    }
    position += length
  }
}

/** In order, each sector once, and what is between them. */
function withGaps(owned: readonly SectorRun[], sectorCount: number): SectorRun[] {
  const sorted = owned
    .map((run, index) => ({ run, index }))
    .sort((a, b) => a.run.lba - b.run.lba || a.index - b.index)
  const runs: SectorRun[] = []
  let next = 0
  const push = (run: SectorRun) => {
    const last = runs.at(-1)
    if (last && last.owner === run.owner && last.lba + last.sectorCount === run.lba)
      runs[runs.length - 1] = {
        ...last,
        sectorCount: last.sectorCount + run.sectorCount,
        size: last.size + run.size,
      }
    else runs.push(run)
    next = run.lba + run.sectorCount
  }
  const gap = (to: number) => {
    if (to > next) push({ owner: NOBODY, lba: next, sectorCount: to - next, size: 0 })
  }
  for (const { run } of sorted) {
    const { owner, lba, size } = run
    const end = Math.min(lba + run.sectorCount, sectorCount)
    if (end <= next || lba >= sectorCount) continue
    gap(Math.min(lba, sectorCount))
    const start = Math.max(lba, next)
    push({
      owner,
      lba: start,
      sectorCount: end - start,
      size: Math.min(size - (start - lba) * SECTOR, (end - start) * SECTOR),
    })
  }
  gap(sectorCount)
  return runs
}
