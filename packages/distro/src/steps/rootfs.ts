import { gzip } from '@ros/compress'
import { writeTreeTar } from '@ros/images-tar'
import type { StoredSource } from '@ros/store'
import { abortable } from '../abortable.ts'
import type { BuildContext } from '../build.ts'
import type { Segment } from './initrd.ts'
import { stepKey } from './step-key.ts'

const LEVEL = 6

/**
 * `rootfs.tar.gz`: the system for machines that bring a kernel of their own, service images in docker's store included
 * (rancher/os v0.4.3, `make rootfs`).
 */
export function rootfs({ store, report, signal }: BuildContext, system: Segment): Promise<StoredSource> {
  const inputs = { inputs: system.inputs, level: LEVEL }
  return store.derived(stepKey('rootfs.tar.gz', inputs), async function* () {
    const step = 'rootfs.tar.gz'
    const text = `archived and compressed (gzip -${LEVEL})`
    let done = 0
    report({ step, text, done })
    yield* abortable(gzip(writeTreeTar(await system.tree()), { level: LEVEL }), signal, (length) => {
      done += length
      report({ step, text, done })
    })
  })
}
