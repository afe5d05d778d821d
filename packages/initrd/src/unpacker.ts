import { decodeName, encodeName, readAll } from '@ros/bytes'
import { type Metadata, parentPath, type TreeNode } from '@ros/tree'
import { FIELD_MAX, NAME_MAX, type NewcHeader, PATH_MAX, typeOf } from './newc.ts'
import { type ArchiveEntry, checkSum } from './read-archive.ts'
import { type Inode, Unpacked } from './unpacked.ts'

/** An entry that the kernel leaves out without a word, or that a tree cannot hold: a symbolic link to nothing. */
export interface DroppedEntry {
  /** As stored; '' where it cannot be read. */
  readonly name: string
  /** Offset of the entry's header: in the initrd, or in the content of its compressed segment. */
  readonly offset: number
  readonly reason: string
}

/** Where an entry stands. */
export interface EntryOrigin {
  /** Number of the segment, from 0 on. */
  readonly segment: number
  /** Number of the archive, from 0 on, counted through all segments: a compressed one may hold several. */
  readonly archive: number
  /** Offset of the entry's header: in the initrd, or in the content of its compressed segment. */
  readonly offset: number
}

/** Why an entry is dropped; `undefined` when it is not. */
type Reason = string | undefined

/** Does to a file system in memory what Linux does to its root (init/initramfs.c: `do_header`, `do_name`, `do_symlink`). */
export class Unpacker {
  readonly files = new Unpacked()
  readonly dropped: DroppedEntry[] = []
  /** First path of each inode that has several, by type, device and inode number. */
  readonly #links = new Map<string, string>()
  readonly #origins = new Map<string, EntryOrigin>()
  #segment = -1
  #archive = -1
  /** Set at the end of an archive: what comes next begins another one. */
  #between = true

  startSegment(): void {
    this.#segment++
    this.#between = true
  }

  /** At the end of an archive: hard links do not reach from one to the next. */
  endArchive(): void {
    this.#links.clear()
    this.#between = true
  }

  /** The entry that made what stands at each path of the tree, or changed it last; '' is the root. */
  origins(): Map<string, EntryOrigin> {
    return new Map([...this.#origins].filter(([path]) => this.files.get(path) !== undefined))
  }

  async unpack(entry: ArchiveEntry): Promise<void> {
    if (this.#between) this.#archive++
    this.#between = false
    const reason = await this.#unpack(entry)
    if (reason === undefined) return
    const name = entry.name === undefined ? '' : decodeName(entry.name)
    this.dropped.push({ name, offset: entry.offset, reason })
  }

  async #unpack(entry: ArchiveEntry): Promise<Reason> {
    const { header, content } = entry
    if (entry.name === undefined) return 'name has no NUL, or is longer than a path may be'
    const type = typeOf(header.mode)
    if (type === undefined) return `unknown type in mode 0o${header.mode.toString(8)}`
    if (type !== 'file' && type !== 'symlink' && content.size > 0) return `a ${type} with content`
    const name = decodeName(entry.name)
    const path = this.files.resolve(name)
    const reason = this.#checkPlace(name, path, type)
    if (reason !== undefined || path === undefined) return reason
    const failed = await this.#make(path, type, entry)
    if (failed === undefined)
      this.#origins.set(path, { segment: this.#segment, archive: this.#archive, offset: entry.offset })
    return failed
  }

  async #make(path: string, type: Inode['type'], entry: ArchiveEntry): Promise<Reason> {
    const { header } = entry
    switch (type) {
      case 'directory':
        return this.#directory(path, header)
      case 'symlink':
        return this.#symlink(path, entry)
      case 'file':
        await checkSum(entry)
        return this.#file(path, entry)
      case 'block':
      case 'character':
      case 'fifo':
      case 'socket':
        return this.#special(path, type, header)
    }
  }

  #directory(path: string, header: NewcHeader): Reason {
    this.#clean(path, 'directory')
    const metadata = metadataOf(header)
    const inode = this.files.get(path) ?? this.files.create(path, { type: 'directory', metadata })
    inode.metadata = metadata
    return undefined
  }

  async #symlink(path: string, { header, content }: ArchiveEntry): Promise<Reason> {
    if (content.size > PATH_MAX) return 'link target is longer than a path may be'
    const bytes = await readAll(content, PATH_MAX)
    const nul = bytes.indexOf(0)
    const target = decodeName(nul < 0 ? bytes : bytes.subarray(0, nul))
    if (!this.#clean(path, undefined)) return NOT_EMPTY
    if (target === '') return LINK_EMPTY
    if (encodeName(target).length >= PATH_MAX) return 'link target is longer than a path may be'
    this.files.create(path, { type: 'symlink', metadata: metadataOf(header), target })
    return undefined
  }

  #file(path: string, { header, content }: ArchiveEntry): Reason {
    if (!this.#clean(path, 'file')) return NOT_EMPTY
    const link = this.#link(path, 'file', header)
    if (link === 'failed') return NO_LINK
    const metadata = metadataOf(header)
    const inode = this.files.get(path) ?? this.files.create(path, { type: 'file', metadata, content })
    // A file that is there is opened and written, not replaced: its other names see it.
    inode.metadata = metadata
    if (link === 'none' || content.size > 0) inode.content = content
    return undefined
  }

  #special(path: string, type: Inode['type'], header: NewcHeader): Reason {
    if (!this.#clean(path, type)) return NOT_EMPTY
    const link = this.#link(path, type, header)
    if (link === 'failed') return NO_LINK
    if (link === 'made') return undefined
    const metadata = metadataOf(header)
    const rdev = deviceNumber(header)
    const inode = this.files.get(path) ?? this.files.create(path, { type, metadata, rdev })
    inode.metadata = metadata
    const isDevice = type === 'block' || type === 'character'
    return isDevice && inode.rdev.join() !== rdev.join()
      ? 'a device node with another number is there'
      : undefined
  }

  #link(path: string, type: Inode['type'], header: NewcHeader): 'none' | 'made' | 'failed' {
    if (header.nlink < 2) return 'none'
    const key = [type, header.devMajor, header.devMinor, header.ino].join()
    const first = this.#links.get(key)
    if (first === undefined) {
      this.#links.set(key, path)
      return 'none'
    }
    this.#clean(path, undefined)
    const inode = this.files.get(first)
    if (inode?.type !== type) return 'failed'
    this.files.link(path, inode)
    return 'made'
  }

  /** Removes what is at the path unless it has this type. False when it is a directory with entries. */
  #clean(path: string, type: TreeNode['type'] | undefined): boolean {
    const present = this.files.get(path)
    return !present || present.type === type || this.files.remove(path)
  }

  #checkPlace(name: string, path: string | undefined, type: TreeNode['type']): Reason {
    if (name === '') return 'name is empty'
    if (path === undefined || this.files.get(parentPath(path))?.type !== 'directory') {
      return 'its directory is not there'
    }
    if (name.split('/').some((part) => encodeName(part).length > NAME_MAX)) {
      return `a name of more than ${NAME_MAX} bytes`
    }
    return type !== 'directory' && /(^|\/)\.{0,2}$/.test(name)
      ? 'a name that only a directory can have'
      : undefined
  }
}

const NOT_EMPTY = 'a directory with entries is there'
/** Linux makes it, and it leads nowhere (found by booting 6.1); a `Tree` does not hold such a link. */
export const LINK_EMPTY = 'link target is empty'
const NO_LINK = 'the file that it is a link of is not there'

/** Put together in 32 bits without a check (include/linux/kdev_t.h, MKDEV): what does not fit names another device. */
function deviceNumber({ rdevMajor, rdevMinor }: NewcHeader): readonly [major: number, minor: number] {
  const beyond = Math.floor(rdevMinor / 2 ** 20)
  // oxlint-disable-next-line no-bitwise -- as MKDEV does it
  return [(rdevMajor % 4096) | beyond, rdevMinor % 2 ** 20]
}

function metadataOf({ mode, uid, gid, mtime }: NewcHeader): Metadata {
  // chown(2) leaves as it is what is given as the largest value, and new files belong to root.
  const owner = (id: number) => (id === FIELD_MAX ? 0 : id)
  return { mode: mode % 0o10000, uid: owner(uid), gid: owner(gid), mtime }
}
