import { u32be } from '@ros/bytes'
import { KernelFetchError } from './error.ts'

/**
 * An index as libkmod reads it (`modules.*.bin`; kmod, libkmod-index.c §Disk format): magic, version, offset of the root,
 * then the nodes of a trie, children before their parents. All numbers are big-endian.
 */
export interface IndexTrie {
  /** Adds a value. Values of one key are given out in order of priority, lowest first. ASCII only. */
  insert(key: string, value: string, priority: number): void
  /** The whole file. */
  encode(): Uint8Array
}

interface Node {
  /** What all keys below have in common after the character that led here. */
  prefix: string
  readonly children: Map<number, Node>
  values: Value[]
}

interface Value {
  readonly text: string
  readonly priority: number
}

const MAGIC = 0xb007_f457
const VERSION = 0x0002_0001
const HEADER_SIZE = 12
// Flags in the offset by which a node is referred to: what the node begins with.
const PREFIX = 0x8000_0000
const VALUES = 0x4000_0000
const CHILDREN = 0x2000_0000

export function indexTrie(): IndexTrie {
  const root: Node = { prefix: '', children: new Map(), values: [] }
  return {
    insert(key, value, priority) {
      if (!/^[\x01-\x7f]*$/.test(key)) throw keyError(key)
      insertAt(root, key, { text: value, priority })
    },
    encode() {
      const parts: Uint8Array[] = [new Uint8Array(HEADER_SIZE)]
      const out = { parts, size: HEADER_SIZE }
      const rootOffset = writeNode(root, out)
      const whole = Buffer.concat(parts)
      u32be.write(whole, 0, MAGIC, 'index magic')
      u32be.write(whole, 4, VERSION, 'index version')
      u32be.write(whole, 8, rootOffset, 'index root')
      return new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
    },
  }
}

function keyError(key: string): KernelFetchError {
  return new KernelFetchError('ROS_KERNEL_FETCH_INDEX', 'name cannot be put into an index', {
    subject: JSON.stringify(key),
    limit: 'ASCII without NUL',
  })
}

function insertAt(root: Node, key: string, value: Value): void {
  let node = root
  for (let rest = key; ; ) {
    const common = commonLength(node.prefix, rest)
    if (common < node.prefix.length) split(node, common)
    rest = rest.slice(common)
    if (rest === '') {
      const at = node.values.findIndex(({ priority }) => priority >= value.priority)
      node.values.splice(at < 0 ? node.values.length : at, 0, value)
      return
    }
    const code = rest.charCodeAt(0)
    const child = node.children.get(code)
    rest = rest.slice(1)
    if (!child) {
      node.children.set(code, { prefix: rest, children: new Map(), values: [value] })
      return
    }
    node = child
  }
}

/** Leaves `length` characters of the prefix in the node; the next one leads to a new child with all the rest. */
function split(node: Node, length: number): void {
  const child: Node = {
    prefix: node.prefix.slice(length + 1),
    children: new Map(node.children),
    values: node.values,
  }
  const code = node.prefix.charCodeAt(length)
  node.prefix = node.prefix.slice(0, length)
  node.children.clear()
  node.children.set(code, child)
  node.values = []
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

/** Writes the children, then the node; gives the node's offset with its flags. */
function writeNode(node: Node, out: { readonly parts: Uint8Array[]; size: number }): number {
  const codes = [...node.children.keys()]
  const first = codes.length > 0 ? Math.min(...codes) : 0
  const last = codes.length > 0 ? Math.max(...codes) : -1
  const offsets: number[] = []
  for (let code = first; code <= last; code++) {
    const child = node.children.get(code)
    offsets.push(child ? writeNode(child, out) : 0)
  }
  const parts: Uint8Array[] = []
  if (node.prefix !== '') parts.push(Buffer.from(`${node.prefix}\0`, 'latin1'))
  if (offsets.length > 0) parts.push(Uint8Array.of(first, last), ...offsets.map(number))
  if (node.values.length > 0) {
    parts.push(number(node.values.length))
    for (const { text, priority } of node.values)
      parts.push(number(priority), Buffer.from(`${text}\0`, 'latin1'))
  }
  const start = out.size
  out.parts.push(...parts)
  out.size += parts.reduce((sum, part) => sum + part.length, 0)
  const flags =
    (node.prefix === '' ? 0 : PREFIX) +
    (offsets.length > 0 ? CHILDREN : 0) +
    (node.values.length > 0 ? VALUES : 0)
  return start + flags
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(u32be.size)
  u32be.write(bytes, 0, value, 'index number')
  return bytes
}
