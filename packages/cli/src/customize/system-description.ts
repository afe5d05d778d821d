import { fromText, readAll } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { type FileNode, file, type Tree } from '@ros/tree'

/** By this file the installer on an ISO knows the kernel and the initrd beside it. */
const DESCRIPTION = 'rancheros/system.json'
const PARTS = { vmlinuz: 'boot/vmlinuz', initrd: 'boot/initrd' } as const
const LIMIT = 65_536

/** Lets the installer of an ISO take the kernel and the initrd as they are now: else it would find them damaged. */
export async function describeSystem(tree: Tree): Promise<void> {
  const node = tree.get(DESCRIPTION)
  if (node?.type !== 'file') return
  const known: unknown = JSON.parse(new TextDecoder().decode(await readAll(node.content, LIMIT)))
  const parts: Record<string, { size: number; sha256: string }> = {}
  for (const [name, path] of Object.entries(PARTS)) {
    const part = tree.get(path)
    if (part?.type === 'file') parts[name] = await described(part)
  }
  const text = `${JSON.stringify({ ...(known as object), ...parts }, undefined, 2)}\n`
  tree.replace(DESCRIPTION, file(fromText(text), { mode: node.mode, mtime: node.mtime }))
}

async function described({ content }: FileNode): Promise<{ size: number; sha256: string }> {
  return { size: content.size, sha256: (await sha256(content)).slice('sha256:'.length) }
}
