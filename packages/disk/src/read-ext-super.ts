import { type ByteSource, decodeName, u16le, u32le } from '@ros/bytes'
import { CachedBytes } from './cached-bytes.ts'
import { EXT_MAGIC, extFeature, extInode, extSuperblock, hasBit } from './ext-records.ts'
import { formatError, readBytes } from './read-bytes.ts'

/** What the superblock says, and a way to the inodes. */
export interface ExtVolume {
  readonly source: ByteSource
  readonly cache: CachedBytes
  readonly type: 'ext2' | 'ext3' | 'ext4'
  readonly blockSize: number
  readonly blockCount: number
  readonly inodeCount: number
  readonly label: string
  /** 8-4-4-4-12 hexadecimal digits. */
  readonly uuid: string
  /** False when the journal has what the blocks do not have yet. */
  readonly clean: boolean
  readonly fileTypes: boolean
  /** Bytes of an inode, with its number in errors. */
  inode(number: number): Promise<Uint8Array>
}

const OFFSET = 1024
const SUBJECT = 'superblock'
const COMPATIBLE_JOURNAL = 0x4
/** An inode is read only where its layout is known: not with compression, as a journal, or encrypted. */
const KNOWN =
  extFeature.fileType +
  extFeature.recover +
  extFeature.metaGroups +
  extFeature.extents +
  extFeature.wide +
  extFeature.mountProtection +
  extFeature.flexibleGroups +
  extFeature.largeAttributes +
  extFeature.checksumSeed +
  extFeature.largeDirectory +
  extFeature.inlineData +
  extFeature.encryption +
  extFeature.casefold

/** Reads and checks the superblock. Throws `ROS_DISK_FORMAT` for what is no such file system. */
export async function readExtSuper(source: ByteSource): Promise<ExtVolume> {
  const bytes = await readBytes(source, OFFSET, 1024, SUBJECT)
  const values = extSuperblock.decode(bytes)
  if (values.magic !== EXT_MAGIC) throw formatError(SUBJECT, 'not an ext2, ext3 or ext4 file system')
  const { logBlockSize, blocksPerGroup, inodesPerGroup, inodeCount, incompatible, revision } = values
  if (logBlockSize > 6) throw formatError(SUBJECT, 'block size out of range', `2^${logBlockSize + 10}`)
  const unknown = Math.floor(incompatible / 2 ** 18) > 0 || !onlyKnown(incompatible)
  if (unknown) throw formatError(SUBJECT, 'features that are not read here', `0x${incompatible.toString(16)}`)
  const blockSize = 1024 * 2 ** logBlockSize
  const wide = hasBit(incompatible, extFeature.wide)
  const blockCount = values.blockCountLow + (wide ? values.blockCountHigh * 2 ** 32 : 0)
  const inodeSize = revision === 0 ? extInode.size : values.inodeSize
  const descriptorSize = wide ? Math.max(values.descriptorSize, 32) : 32
  const bad =
    blocksPerGroup === 0 ||
    inodesPerGroup === 0 ||
    inodeCount === 0 ||
    blockCount <= values.firstDataBlock ||
    inodeSize < extInode.size ||
    inodeSize > blockSize ||
    descriptorSize > 1024
  if (bad) throw formatError(SUBJECT, 'numbers that no file system has')
  const cache = new CachedBytes(source)
  const perBlock = Math.floor(blockSize / descriptorSize)

  /** Descriptors stand behind the superblock, or with meta groups in the first groups of each of those (blockgroup.rst). */
  const descriptorOffset = (group: number): number => {
    const index = Math.floor(group / perBlock)
    const within = (group % perBlock) * descriptorSize
    const meta = hasBit(incompatible, extFeature.metaGroups) && index >= values.firstMetaGroup
    if (!meta) return (values.firstDataBlock + 1 + index) * blockSize + within
    const first = index * perBlock * blocksPerGroup + values.firstDataBlock
    return (first + (hasSuper(index * perBlock, values.readOnlyCompatible) ? 1 : 0)) * blockSize + within
  }
  return {
    source,
    cache,
    blockSize,
    blockCount,
    inodeCount,
    type: typeOf(values),
    label: decodeName(values.label).replace(/\0.*$/s, ''),
    uuid: uuidText(values.uuid),
    clean: !hasBit(incompatible, extFeature.recover) && values.state % 2 === 1,
    fileTypes: hasBit(incompatible, extFeature.fileType),
    async inode(number) {
      const subject = `inode ${number}`
      if (number < 1 || number > inodeCount)
        throw formatError(subject, 'there is no such inode', String(number))
      const group = Math.floor((number - 1) / inodesPerGroup)
      const descriptor = await cache.bytes(descriptorOffset(group), descriptorSize, `group ${group}`)
      const high = wide && descriptorSize >= 64 ? u32le.read(descriptor, 0x28, subject) : 0
      const table = u32le.read(descriptor, 8, subject) + high * 2 ** 32
      const at = table * blockSize + ((number - 1) % inodesPerGroup) * inodeSize
      return cache.bytes(at, inodeSize, subject)
    },
  }
}

/** Whether the source begins like one. */
export async function looksLikeExt(source: ByteSource): Promise<boolean> {
  const at = OFFSET + extSuperblock.offsets.magic
  if (source.size < OFFSET + 1024) return false
  return u16le.read(await readBytes(source, at, 2, SUBJECT), 0, SUBJECT) === EXT_MAGIC
}

function onlyKnown(incompatible: number): boolean {
  for (let bit = 1; bit < 2 ** 18; bit *= 2)
    if (hasBit(incompatible, bit) && !hasBit(KNOWN, bit)) return false
  return true
}

/** With sparse superblocks those of groups 0, 1 and powers of 3, 5 and 7 have a copy. */
function hasSuper(group: number, readOnlyCompatible: number): boolean {
  if (group <= 1 || !hasBit(readOnlyCompatible, 1)) return true
  return [3, 5, 7].some((base) => {
    let power = base
    while (power < group) power *= base
    return power === group
  })
}

function typeOf({ incompatible, compatible, readOnlyCompatible }: ReturnType<typeof extSuperblock.decode>) {
  const modern = hasBit(incompatible, extFeature.extents) || hasBit(incompatible, extFeature.wide)
  if (modern || readOnlyCompatible >= 8) return 'ext4'
  return hasBit(compatible, COMPATIBLE_JOURNAL) ? 'ext3' : 'ext2'
}

function uuidText(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
