import { type ByteSource, fromText, readAll, u32le } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { InitrdError } from './error.ts'
import { planInitrd } from './plan.ts'
import type { Segment } from './segment.ts'

/** Updates for processors, one source each. */
export interface Microcode {
  /** Update blocks as Intel publishes them (`intel-ucode/06-8e-09`), one after the other. */
  readonly intel?: ByteSource
  /** Container files as AMD publishes them (`microcode_amd_fam17h.bin`), one after the other. */
  readonly amd?: ByteSource
}

const FOLDER = 'kernel/x86/microcode'
const PATHS = { intel: `${FOLDER}/GenuineIntel.bin`, amd: `${FOLDER}/AuthenticAMD.bin` }
const LIMIT = 64 * 1_048_576

/**
 * The segment that the processor's microcode loader reads before the kernel unpacks anything (Linux, x86/microcode.rst): to
 * be the first one. Intel's data stand at a multiple of 16 bytes, as the processor wants them (Intel SDM volume 3, §11.11.6), by
 * the length of the file `early_cpio` that dracut marks such archives with. Throws `ROS_INITRD_MICROCODE` for what is none.
 */
export async function microcodeSegment(microcode: Microcode): Promise<Segment> {
  for (const [kind, source] of Object.entries(microcode) as ['intel' | 'amd', ByteSource][]) {
    const bytes = await readAll(source, LIMIT)
    const problem = kind === 'intel' ? intelProblem(bytes) : amdProblem(bytes)
    if (problem === undefined) continue
    throw new InitrdError('ROS_INITRD_MICROCODE', 'no microcode that the processor would take', {
      subject: PATHS[kind],
      got: problem,
      limit: kind === 'intel' ? 'Intel SDM volume 3, §11.11' : 'Linux, arch/x86/kernel/cpu/microcode/amd.c',
    })
  }
  if (!microcode.intel && !microcode.amd) {
    throw new InitrdError('ROS_INITRD_MICROCODE', 'no microcode given', { subject: FOLDER })
  }
  for (let filler = ''; ; filler += '\n\n\n\n') {
    const tree = new Tree().add('early_cpio', file(fromText(`1\n${filler}`))).addDirectories(FOLDER)
    for (const kind of ['amd', 'intel'] as const) {
      const source = microcode[kind]
      if (source) tree.add(PATHS[kind], file(source))
    }
    if (!microcode.intel || contentOffset(tree, PATHS.intel) % 16 === 0)
      return { name: 'microcode', tree, compression: 'none' }
  }
}

/** Where a file's content stands in the archive. */
function contentOffset(tree: Tree, path: string): number {
  const wanted = tree.get(path)
  for (const { node, contentOffset: offset } of planInitrd(tree).entries) if (node === wanted) return offset
  throw new Error(`${path} is not in the archive`)
}

/** Update blocks: a header of 48 bytes, and 32-bit words that sum to zero (Intel SDM volume 3, §11.11.1 and §11.11.5). */
function intelProblem(bytes: Uint8Array): string | undefined {
  let offset = 0
  for (; offset + 48 <= bytes.length; ) {
    const field = (index: number) => u32le.read(bytes, offset + 4 * index, 'microcode header')
    if (field(0) !== 1 || field(5) !== 1) return `no update header at byte ${offset}`
    // Both sizes are 0 in the oldest updates.
    const size = field(7) === 0 ? 2048 : field(8)
    if (size < 48 || size % 1024 !== 0 || offset + size > bytes.length)
      return `update at byte ${offset} has ${size} bytes, ${bytes.length - offset} are there`
    let sum = 0
    for (let at = 0; at < size; at += 4) sum = (sum + u32le.read(bytes, offset + at, 'microcode')) % 2 ** 32
    if (sum !== 0) return `update at byte ${offset} has another sum`
    offset += size
  }
  return offset === bytes.length && offset > 0
    ? undefined
    : `${bytes.length - offset} bytes that are no update`
}

const AMD_MAGIC = 0x00414d44

/** Containers: magic, an equivalence table (section 0), patches (sections 1). */
function amdProblem(bytes: Uint8Array): string | undefined {
  const word = (at: number) => (at + 4 <= bytes.length ? u32le.read(bytes, at, 'microcode') : undefined)
  let offset = 0
  let patches = 0
  while (offset < bytes.length) {
    const table = word(offset) === AMD_MAGIC
    if (!table && offset === 0) return 'no container magic'
    const at = table ? offset + 4 : offset
    const [type, size] = [word(at), word(at + 4)]
    if (type !== (table ? 0 : 1) || size === undefined) return `no section at byte ${at}`
    if (size === 0 || at + 8 + size > bytes.length) return `section at byte ${at} is cut`
    patches += table ? 0 : 1
    offset = at + 8 + size
  }
  return patches > 0 ? undefined : 'no patch'
}
