import { type ByteSource, OutputBuffer, shortError } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import { ALIGNMENT, align, newcHeader } from './newc.ts'
import {
  headSize,
  type InitrdOptions,
  type InitrdPlan,
  type PlannedEntry,
  planInitrd,
  trailer,
} from './plan.ts'
import { readAhead } from './read-ahead.ts'
import { byteSum } from './read-archive.ts'

/** What varies between two archives, and how their chunks are handed out. */
export interface WriteInitrdOptions extends InitrdOptions {
  /**
   * The chunks are views of two buffers that take turns: a chunk must have been used up when the next but one is asked for.
   * True of `replaceFile`, of `pipeline` into a file, and of the compressors here; not of code that collects chunks.
   * Saves a third of the time. Default: each chunk has its own memory.
   */
  readonly reuseBuffers?: boolean
}

/**
 * One uncompressed newc archive that unpacks to `tree`. The same tree gives the same bytes. Everything is checked and
 * placed before the first chunk: `InitrdError` for what the kernel would drop, merge or cut, see its codes. A source
 * that gives another number of bytes than its size throws `ROS_BYTES_SHORT`.
 */
export async function* writeInitrd(
  tree: Tree,
  options: WriteInitrdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const plan = planInitrd(tree, options)
  yield* readAhead(writePlan(plan, options, new OutputBuffer(plan.size, options.reuseBuffers ?? false)))
}

async function* writePlan(
  plan: InitrdPlan,
  options: InitrdOptions,
  output: OutputBuffer,
): AsyncGenerator<Uint8Array, void> {
  for (const entry of plan.entries) {
    yield* writeHead(output, options.checksum ? await summed(entry) : entry)
    if (entry.content) {
      yield* writeContent(output, entry.content)
      yield* output.zeros(align(entry.header.fileSize, ALIGNMENT) - entry.header.fileSize)
    }
  }
  yield* writeHead(output, trailer(options))
  yield* output.zeros(plan.size - output.total)
  const rest = output.take()
  if (output.total !== plan.size) throw new Error(`archive has ${output.total} bytes, planned ${plan.size}`)
  if (rest.length > 0) yield rest
}

/** Length in bytes of the archive that `writeInitrd` writes, a multiple of 512; throws what it throws for this tree. */
export function initrdSize(tree: Tree, options: InitrdOptions = {}): number {
  return planInitrd(tree, options).size
}

/** With the sum of the content: that of files alone, as the kernel proves it and cpio(1) writes it. */
async function summed(entry: PlannedEntry): Promise<PlannedEntry> {
  const { node, header, content } = entry
  if (!content || node.type !== 'file') return entry
  return { ...entry, header: { ...header, check: await byteSum(content) } }
}

function* writeHead(
  output: OutputBuffer,
  { name, header }: Pick<PlannedEntry, 'name' | 'header'>,
): Generator<Uint8Array, void> {
  const size = headSize(name)
  if (output.room < size) yield output.take()
  const head = output.reserve(size)
  newcHeader.encodeInto(head, 0, header)
  head.set(name, newcHeader.size)
  head.fill(0, newcHeader.size + name.length)
}

async function* writeContent(output: OutputBuffer, content: ByteSource): AsyncGenerator<Uint8Array, void> {
  if (content.readInto) {
    for (let done = 0; done < content.size; ) {
      if (output.room === 0) yield output.take()
      const part = output.reserve(content.size - done)
      content.readInto(part, done)
      done += part.length
    }
    return
  }
  let done = 0
  for await (const chunk of content.open()) {
    done += chunk.length
    if (done > content.size) break
    yield* output.put(chunk)
  }
  if (done !== content.size) throw shortError('content of an entry', content.size, done)
}
