import type { Tree, TreeNode } from '@ros/tree'

/** One line of a listing; stable for `--json`. */
export interface ListedEntry {
  readonly path: string
  readonly type: TreeNode['type']
  /** Four octal digits. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970 UTC. */
  readonly mtime: number
  /** Of files, in bytes. */
  readonly size?: number
  /** Of symbolic links. */
  readonly target?: string
  /** Of devices. */
  readonly major?: number
  readonly minor?: number
  /** First path of the same file, where this is a hard link. */
  readonly link?: string
}

export function listEntry(path: string, node: TreeNode): ListedEntry {
  const { type, uid, gid, mtime } = node
  const common = { path, type, mode: octal(node.mode), uid, gid, mtime }
  switch (type) {
    case 'file':
      return { ...common, size: node.content.size }
    case 'symlink':
      return { ...common, target: node.target }
    case 'block':
    case 'character':
      return { ...common, major: node.major, minor: node.minor }
    case 'directory':
    case 'fifo':
    case 'socket':
      return common
  }
}

/** What is in a directory, or all that is below it; paths are relative to it. */
export function listTree(tree: Tree, at: string, recursive: boolean): ListedEntry[] {
  const prefix = at === '' ? '' : `${at}/`
  const first = new Map<TreeNode, string>()
  const entries: ListedEntry[] = []
  for (const { path, node } of tree) {
    if (!path.startsWith(prefix)) continue
    const relative = path.slice(prefix.length)
    const link = node.type === 'file' ? first.get(node) : undefined
    if (link === undefined) first.set(node, relative)
    if (recursive || !relative.includes('/'))
      entries.push({ ...listEntry(relative, node), ...(link !== undefined && { link }) })
  }
  return entries
}

const letters: Record<TreeNode['type'], string> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  socket: 's',
}

/** A line as of `ls -l`: type and mode, owner, size or device number, time in UTC, name. */
export function longLine(entry: ListedEntry): string {
  const amount = entry.major === undefined ? String(entry.size ?? 0) : `${entry.major},${entry.minor}`
  const time = timeText(entry.mtime)
  const columns = [modeText(entry), `${entry.uid}/${entry.gid}`.padEnd(9), amount.padStart(10), time]
  return `${columns.join(' ')} ${nameLine(entry)}`
}

export function nameLine({ path, target, link }: ListedEntry): string {
  const end = target === undefined ? '' : ` -> ${printable(target)}`
  return `${printable(path)}${end}${link === undefined ? '' : ` link to ${printable(link)}`}`
}

/** A name on one line: what would move the cursor, and bytes that are not UTF-8, are escaped. */
export function printable(name: string): string {
  return name.replaceAll(/[\0-\x1f\x7f-\x9f\\]|\p{Surrogate}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '\\') return '\\\\'
    const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code
    return `\\x${byte.toString(16).padStart(2, '0')}`
  })
}

function timeText(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime())
    ? `@${seconds}`.padEnd(19)
    : date.toISOString().slice(0, 19).replace('T', ' ')
}

function modeText({ type, mode }: ListedEntry): string {
  const bits = Number.parseInt(mode, 8)
  const set = (bit: number) => Math.floor(bits / bit) % 2 === 1
  const triple = (shift: number, special: number, letter: string) => {
    const execute = set(shift)
    const last = set(special) ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-'
    return `${set(shift * 4) ? 'r' : '-'}${set(shift * 2) ? 'w' : '-'}${last}`
  }
  return `${letters[type]}${triple(0o100, 0o4000, 's')}${triple(0o10, 0o2000, 's')}${triple(1, 0o1000, 't')}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
