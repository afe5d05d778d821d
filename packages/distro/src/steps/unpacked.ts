import { readAll } from '@ros/bytes'
import { readInitrd } from '@ros/initrd'
import type { StoredSource } from '@ros/store'
import type { BuildContext } from '../build.ts'
import { unpackedSize } from '../fit.ts'
import { stepKey } from './step-key.ts'

/** What the archives of an initrd take when they are unpacked, in bytes. Each is looked at once and remembered. */
export async function unpackedArchives(
  { store, report }: Pick<BuildContext, 'store' | 'report'>,
  archives: readonly StoredSource[],
): Promise<number> {
  let total = 0
  for (const archive of archives) {
    const key = stepKey('unpacked size', { archive: archive.digest })
    const known = await store.derived(key, async function* () {
      report({ step: 'fit', text: 'measuring the unpacked initrd' })
      const { tree } = await readInitrd(archive)
      yield new TextEncoder().encode(String(unpackedSize(tree)))
    })
    total += Number(new TextDecoder().decode(await readAll(known, 100)))
  }
  return total
}
