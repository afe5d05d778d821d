import { type ByteSource, decodeName } from '@ros/bytes'
import type { InitrdFinding, InitrdRule } from './lint-rules.ts'
import type { NewcHeader } from './newc.ts'
import { typeOf } from './newc.ts'
import type { ArchiveEntry } from './read-archive.ts'

/** Entries that are links of one file, as the kernel sees it: the same inode number and device. */
interface LinkGroup {
  readonly first: NewcHeader
  readonly name: string
  count: number
  content: ByteSource | undefined
}

/** What an archive has had so far: names, and inodes with several links. */
export class ArchiveHistory {
  readonly #names = new Set<string>()
  readonly #groups = new Map<string, LinkGroup>()

  async check(
    entry: ArchiveEntry,
    at: (rule: InitrdRule, message: string) => InitrdFinding,
  ): Promise<InitrdFinding[]> {
    if (entry.name === undefined) return []
    const findings: InitrdFinding[] = []
    const name = decodeName(entry.name)
    const normal = name
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/')
    if (this.#names.has(normal))
      findings.push(at('newc/duplicate', 'the name is in the archive twice: the kernel keeps the later one'))
    this.#names.add(normal)
    const clash = await this.#clash(entry, name)
    if (clash !== undefined) findings.push(at('newc/inode-clash', clash))
    return findings
  }

  async #clash({ header, content }: ArchiveEntry, name: string): Promise<string | undefined> {
    const type = typeOf(header.mode)
    if (header.nlink < 2 || type === undefined || type === 'directory' || type === 'symlink') return undefined
    const key = [type, header.devMajor, header.devMinor, header.ino].join()
    const group = this.#groups.get(key)
    const own = content.size > 0 ? content : undefined
    if (!group) {
      this.#groups.set(key, { first: header, name, count: 1, content: own })
      return undefined
    }
    group.count++
    const same = `inode ${header.ino} is that of ${JSON.stringify(group.name)} as well`
    const fields = ['mode', 'uid', 'gid', 'mtime', 'nlink', 'rdevMajor', 'rdevMinor'] as const
    const differing = fields.filter((field) => header[field] !== group.first[field])
    if (differing.length > 0) return `${same}, but ${differing.join(' and ')} differ: one of them is lost`
    if (group.count > header.nlink)
      return `${same}: ${group.count} names of a file with ${header.nlink} links`
    if (own && group.content && !(await sameContent(own, group.content)))
      return `${same}, but their contents differ: one of them is lost`
    group.content ??= own
    return undefined
  }
}

const STEP = 1_048_576

async function sameContent(a: ByteSource, b: ByteSource): Promise<boolean> {
  if (a.size !== b.size) return false
  for (let offset = 0; offset < a.size; offset += STEP) {
    const length = Math.min(STEP, a.size - offset)
    const [left, right] = [new Uint8Array(length), new Uint8Array(length)]
    await Promise.all([fill(left, a, offset), fill(right, b, offset)])
    if (left.some((byte, index) => byte !== right[index])) return false
  }
  return true
}

async function fill(target: Uint8Array, source: ByteSource, offset: number): Promise<void> {
  let filled = 0
  for await (const chunk of source.open(offset, target.length)) {
    target.set(chunk, filled)
    filled += chunk.length
  }
}
