import { type ByteSource, concat, zeros } from '@ros/bytes'
import { segmentPadding, writeSegment } from '@ros/initrd'
import type { StoredSource } from '@ros/store'
import type { Tree } from '@ros/tree'
import { abortable } from '../abortable.ts'
import type { BuildContext } from '../build.ts'
import { stepKey } from './step-key.ts'

/** One archive of the initrd. */
export interface Segment {
  readonly name: string
  /** Everything that the tree depends on. */
  readonly inputs: unknown
  readonly tree: () => Promise<Tree>
}

export interface InitrdStep {
  readonly initrd: ByteSource
  /** Its archives, as they are compressed. */
  readonly archives: readonly StoredSource[]
}

/**
 * The initrd: a chain of archives, each compressed on its own and kept in the store by its inputs, so that a change to
 * `ros` recompresses only the last.
 */
export async function buildInitrd(context: BuildContext, segments: readonly Segment[]): Promise<InitrdStep> {
  const parts: ByteSource[] = []
  const archives: StoredSource[] = []
  for (const segment of segments) {
    // None stands after the last: an lzma stream may have nothing behind it.
    const before = parts.at(-1)
    if (before) parts.push(zeros(segmentPadding(before.size, context.compression.compression)))
    const archive = await compressedSegment(context, segment)
    archives.push(archive)
    parts.push(archive)
  }
  return { initrd: concat(parts), archives }
}

async function compressedSegment(context: BuildContext, segment: Segment): Promise<StoredSource> {
  const { store, report, signal, compression } = context
  const key = stepKey(`segment ${segment.name}`, { inputs: segment.inputs, compression })
  return store.derived(key, async function* () {
    const step = `segment ${segment.name}`
    const text = `archived and compressed (${compression.compression} -${compression.level})`
    const tree = await segment.tree()
    let done = 0
    report({ step, text, done })
    yield* abortable(writeSegment({ name: segment.name, tree, ...compression }), signal, (length) => {
      done += length
      report({ step, text, done })
    })
  })
}
