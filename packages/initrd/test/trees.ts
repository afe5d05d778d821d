import { type ByteSource, collect, fromBytes, fromText } from '@ros/bytes'
import { device, directory, file, symlink, Tree, type TreeNode } from '@ros/tree'

export const LIMIT = 256 * 1_048_576

/** One of each kind, with names and numbers that are easily got wrong. */
export function sampleTree(): Tree {
  const shared = file(fromText('one inode\n'), { mode: 0o755, mtime: 1_600_000_000 })
  const tree = new Tree()
  tree.root = directory({ mode: 0o711, mtime: 5 })
  tree.add('bin', directory({ mtime: 1_500_000_000 }))
  tree.add('bin/a', shared).add('bin/b', shared).add('bin/c', shared)
  tree.add('bin/su', file(fromText('setuid'), { mode: 0o4755 }))
  tree.add('dev', directory())
  tree.add('dev/console', device('character', 5, 1))
  tree.add('dev/loop7', device('block', 7, 7, { mode: 0o660, gid: 6 }))
  tree.add('empty', file(fromText(''), { mode: 0o600, uid: 1000, gid: 4_294_967_294 }))
  tree.add('init', symlink('bin/a', { mtime: 4_294_967_295 }))
  tree.add('näme ☃', file(fromText('x')))
  tree.add('not\udcffutf8', file(fromText('yz')))
  tree.add('pipe', { type: 'fifo', mode: 0o644, uid: 0, gid: 0, mtime: 1 })
  tree.add('socket', { type: 'socket', mode: 0o755, uid: 0, gid: 0, mtime: 1 })
  tree.add('tmp', directory({ mode: 0o1777 }))
  return tree
}

/** A tree as plain values: content as text, names of one inode as a list. */
export async function describeTree(tree: Tree): Promise<unknown[]> {
  const names = new Map<TreeNode, string[]>()
  for (const { path, node } of tree) names.set(node, [...(names.get(node) ?? []), path])
  const entries: unknown[] = [['', describeNode(tree.root)]]
  for (const { path, node } of tree) {
    const content = node.type === 'file' ? hex(await collect(node.content.open(), LIMIT)) : undefined
    const links = node.type === 'directory' || node.type === 'symlink' ? [path] : names.get(node)
    entries.push([path, describeNode(node), content, links])
  }
  return entries
}

function describeNode(node: TreeNode): unknown {
  const { type, mode, uid, gid, mtime } = node
  const rest = 'target' in node ? node.target : 'major' in node ? [node.major, node.minor] : undefined
  return { type, mode, uid, gid, mtime, rest }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** A source that can only be streamed, in pieces of this length. */
export function streamed(bytes: Uint8Array, piece: number, size = bytes.length): ByteSource {
  const whole = fromBytes(bytes)
  return {
    size,
    async *open(offset = 0, length = bytes.length - offset) {
      for (let done = 0; done < length; done += piece) {
        yield* whole.open(offset + done, Math.min(piece, length - done))
      }
    },
  }
}
