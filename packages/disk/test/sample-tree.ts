import { createHash } from 'node:crypto'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { directory, file, Tree } from '@ros/tree'
import { type FatOptions, layoutFat, writeFat } from '../src/index.ts'

export const TIME = 1_700_000_000
const LIMIT = 256 * 1024 * 1024

export function newTree(): Tree {
  const tree = new Tree()
  tree.root = directory({ mtime: TIME })
  return tree
}

export async function fatBytes(tree: Tree, options: Partial<FatOptions> = {}): Promise<Uint8Array> {
  return collect(writeFat(layoutFat(tree, { serialNumber: 0x1234_abcd, ...options })), LIMIT)
}

/** Bytes that differ from place to place and from file to file. */
export function pattern(size: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: size },
    (_, index) => (index * 31 + seed * 17 + Math.floor(index / 251)) % 256,
  )
}

/** Names, sizes and places that have gone wrong in some writer. */
export function edgeTree(): Tree {
  const tree = newTree()
  const text = (path: string, given = {}) => tree.add(path, file(fromText(path), { mtime: TIME, ...given }))
  for (const size of [0, 1, 511, 512, 513, 2048, 70_000])
    tree.add(`size-${size}.bin`, file(fromBytes(pattern(size, size)), { mtime: TIME + size }))
  tree.addDirectories('EFI/BOOT', { mtime: TIME })
  text('EFI/BOOT/BOOTX64.EFI')
  text('EFI/BOOT/grubx64.efi')
  tree.addDirectories('a/b/c/d/e/f/g/h/i/j/k', { mtime: TIME })
  text('a/b/c/d/e/f/g/h/i/j/k/deep')
  tree.addDirectories('empty', { mtime: TIME })
  text('FILENA~1.TXT')
  text('filename one.txt')
  text('filename two.txt')
  text('filename.text.txt')
  text('.hidden')
  text('a.b.c.tar.gz')
  text('with space.x')
  text('日本語のファイル名.txt')
  text('emoji-😀.txt')
  text('é')
  text('+,;=[]')
  text('thirteen-char') // fills its entry: no NUL, no filling
  text('n'.repeat(255))
  text('read-only', { mode: 0o444 })
  text('year-1980', { mtime: 315_532_800 })
  text('year-2107', { mtime: 4_354_819_199 })
  tree.addDirectories('many', { mtime: TIME })
  for (let i = 0; i < 300; i++) text(`many/a long name that begins like others ${i}.config`)
  return tree
}

/** A tree as FAT can give it back: contents by digest, times to two seconds. */
export async function fatValues(tree: Tree): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const { path, node } of tree) {
    const mtime = node.mtime - (((node.mtime % 2) + 2) % 2)
    if (node.type !== 'file') values[path] = { type: node.type, mtime }
    else {
      const hash = createHash('sha256')
      for await (const chunk of node.content.open()) hash.update(chunk)
      const readOnly = Math.floor(node.mode / 0o200) % 2 === 0
      values[path] = { type: 'file', mtime, readOnly, size: node.content.size, sha256: hash.digest('hex') }
    }
  }
  return values
}
