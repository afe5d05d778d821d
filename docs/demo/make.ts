// What the page makes: an initrd of chosen files, and an ISO that starts it. Nothing here knows the page.
import { type ByteSource, crc32, fromText, readAll } from '@ros/bytes'
import { writeSegment } from '@ros/initrd'
import { type IsoBoot, layoutIso, writeIso } from '@ros/iso'
import { device, file, Tree } from '@ros/tree'

const ISOLINUX = 'boot/isolinux'
/** Of isohdpfx.bin, which has 432 bytes. */
const MBR_MAX = 512

/** A file of the initrd. */
export interface InitrdFile {
  readonly path: string
  readonly content: ByteSource
  readonly executable: boolean
}

/** What the initrd is to be. */
export interface InitrdChoice {
  readonly files: readonly InitrdFile[]
  /** Whether there is `/dev/console`: without it the first program has neither input nor output. */
  readonly console: boolean
  readonly compression: 'none' | 'gzip'
}

/** What the ISO is to be. */
export interface IsoChoice {
  readonly kernel: ByteSource
  readonly initrd: ByteSource
  /** Of syslinux: isolinux.bin, ldlinux.c32, and for disks and USB sticks isohdpfx.bin. */
  readonly isolinux: ByteSource
  readonly ldlinux: ByteSource
  readonly mbr: ByteSource | undefined
  readonly append: string
  readonly volumeId: string
  /** Seconds since 1970: the time of everything. */
  readonly created: number
}

/** The initrd, as chunks. Directories are made as the paths need them. */
export function writeChosenInitrd({ files, console, compression }: InitrdChoice): AsyncIterable<Uint8Array> {
  const tree = new Tree()
  for (const { path, content, executable } of files)
    addFile(tree, path, file(content, { mode: executable ? 0o755 : 0o644 }))
  if (console && !tree.has('dev/console'))
    tree.addDirectories('dev').add('dev/console', device('character', 5, 1))
  return writeSegment({ name: 'initrd', tree, compression })
}

/** The ISO, as chunks: it starts by the BIOS from a CD, and from a disk where there is a master boot record. */
export async function writeChosenIso(
  choice: IsoChoice,
): Promise<Iterable<Uint8Array> | AsyncIterable<Uint8Array>> {
  const { append, volumeId, created: mtime } = choice
  const tree = new Tree().addDirectories(ISOLINUX, { mtime })
  const add = (path: string, content: ByteSource) => tree.add(path, file(content, { mtime }))
  add('boot/vmlinuz', choice.kernel)
  add('boot/initrd', choice.initrd)
  add(`${ISOLINUX}/isolinux.bin`, choice.isolinux)
  add(`${ISOLINUX}/ldlinux.c32`, choice.ldlinux)
  add(`${ISOLINUX}/isolinux.cfg`, fromText(configuration(append)))
  const diskId = crc32(new TextEncoder().encode(`${volumeId} ${mtime}`))
  const boot: IsoBoot = {
    bios: { image: `${ISOLINUX}/isolinux.bin`, catalog: `${ISOLINUX}/boot.cat` },
    ...(choice.mbr && { hybrid: { mbr: await readAll(choice.mbr, MBR_MAX), diskId } }),
  }
  return writeIso(layoutIso(tree, { volumeId, created: mtime, boot }))
}

/** Says what starts on the serial line too, for those who have no screen. */
function configuration(append: string): string {
  return `serial 0 115200
default linux
label linux
  kernel /boot/vmlinuz
  initrd /boot/initrd
  append ${append}
`
}

function addFile(tree: Tree, path: string, node: ReturnType<typeof file>): void {
  const end = path.lastIndexOf('/')
  if (end > 0) tree.addDirectories(path.slice(0, end))
  tree.add(path, node)
}
