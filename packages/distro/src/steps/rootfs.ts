import { gzip } from '@ros/compress'
import { writeTreeTar } from '@ros/images-tar'
import type { StoredSource } from '@ros/store'
import { Tree } from '@ros/tree'
import { abortable } from '../abortable.ts'
import type { BuildContext } from '../build.ts'
import type { Segment } from './initrd.ts'
import { stepKey } from './step-key.ts'

const LEVEL = 6

/**
 * `rootfs.tar.gz`: the system for machines that bring a kernel of their own, service images in docker's store included
 * (rancher/os v0.4.3, `make rootfs`). The segments of the initrd but for the kernel's, one over the other.
 */
export function rootfs(
  { store, report, signal }: BuildContext,
  segments: readonly Segment[],
): Promise<StoredSource> {
  const system = segments.filter(({ name }) => name !== 'kernel')
  const inputs = system.map(({ name, inputs: given }) => ({ name, inputs: given }))
  return store.derived(stepKey('rootfs.tar.gz', { inputs, level: LEVEL }), async function* () {
    const step = 'rootfs.tar.gz'
    const text = `archived and compressed (gzip -${LEVEL})`
    let done = 0
    report({ step, text, done })
    const tree = new Tree()
    for (const segment of system) tree.merge(await segment.tree())
    yield* abortable(gzip(writeTreeTar(tree), { level: LEVEL }), signal, (length) => {
      done += length
      report({ step, text, done })
    })
  })
}
