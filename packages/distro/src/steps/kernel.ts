import type { ByteSource } from '@ros/bytes'
import { type Kernel, moduleIndex, readKernel, selectModules } from '@ros/kernel-fetch'
import type { Store } from '@ros/store'
import { Tree } from '@ros/tree'
import { type Input, inputTree } from '../input.ts'
import type { ProgressSink } from '../progress.ts'

export interface KernelSet {
  readonly kernel: Kernel
  readonly vmlinuz: ByteSource
  /** All that the input has. */
  readonly tree: Tree
  /** Newest modification time among the kernel's files, in seconds. */
  readonly time: number
}

/** The kernel of the recipe: of packages, a tarball, a directory, or what is inside something else. */
export async function readKernelSet(store: Store, input: Input, report: ProgressSink): Promise<KernelSet> {
  report({ step: 'kernel', text: 'unpacking the kernel' })
  const tree = await inputTree(store, input)
  let time = 0
  for (const { node } of tree) time = Math.max(time, node.mtime)
  const kernel = readKernel(tree)
  return { kernel, vmlinuz: kernel.vmlinuz, tree, time }
}

/** `usr/lib/modules/<release>` with the chosen modules and their indexes, and the firmware that came with the kernel. */
export async function kernelTree(
  set: KernelSet,
  names: readonly string[] | 'all',
  report: ProgressSink,
): Promise<Tree> {
  const index = await moduleIndex(set.kernel, {
    onProgress: (done, total) => report({ step: 'kernel', text: `reading modules, ${done} of ${total}` }),
  })
  const tree = new Tree()
  for (const path of ['usr', 'usr/lib', 'usr/lib/firmware']) tree.addDirectories(path, { mtime: set.time })
  for (const { path, node } of set.tree) {
    const [, below] = /^(?:usr\/)?lib\/firmware\/(.+)$/s.exec(path) ?? []
    if (below !== undefined) tree.replace(`usr/lib/firmware/${below}`, node)
  }
  return tree.merge(selectModules(set.kernel, index, names), 'usr')
}

/** The recipe's list of modules as an architecture has it: `NAME@ARCH` is of that one only. */
export function moduleNames(modules: string, arch: string): string[] | 'all' {
  const words = modules.trim().split(/\s+/)
  if (words.length === 1 && words[0] === 'all') return 'all'
  return words
    .map((word) => word.split('@'))
    .flatMap(([name = '', only = arch]) => (only === arch ? [name] : []))
}
