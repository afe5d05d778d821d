import { readAll } from '@ros/bytes'
import { readInitrd } from '@ros/initrd'
import type { StoredSource } from '@ros/store'
import type { BuildContext } from '../build.ts'
import { unpackedSize } from '../fit.ts'
import { stepKey } from './step-key.ts'

/** What the segments of an initrd take when they are unpacked, in bytes. Each is looked at once and remembered. */
export async function unpackedSegments(
  { store, report }: Pick<BuildContext, 'store' | 'report'>,
  segments: readonly StoredSource[],
): Promise<number> {
  let total = 0
  for (const segment of segments) {
    const key = stepKey('unpacked size', { segment: segment.digest })
    const known = await store.derived(key, async function* () {
      report({ step: 'fit', text: 'measuring the unpacked initrd' })
      const { tree } = await readInitrd(segment)
      yield new TextEncoder().encode(String(unpackedSize(tree)))
    })
    total += Number(new TextDecoder().decode(await readAll(known, 100)))
  }
  return total
}
