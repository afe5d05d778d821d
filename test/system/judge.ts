import { dirname, join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { expect } from 'vitest'
import { runProgram } from '../kit.ts'
import { type LoaderView, loaderView } from './loader-view.ts'
import { readLog, replay, seeded, withFiles } from './write-log.ts'

export const MOMENTS = 50

/** Replays the log onto `before`, and judges the disk at moments drawn over all writes and again over the last few, where it matters most. */
export async function judged(
  before: string,
  log: string,
  seed: number,
  judge: (view: LoaderView, moment: string) => void,
): Promise<void> {
  await withFiles(before, log, async (image, logged) => {
    const writes = (await readLog(logged)).filter(({ length }) => length > 0)
    expect(writes.length).toBeGreaterThan(100)
    const draw = seeded(seed)
    const moments = new Set<number>()
    while (moments.size < MOMENTS / 2) moments.add(draw(writes.length))
    while (moments.size < MOMENTS)
      moments.add(writes.length - 1 - draw(Math.min(40 * MOMENTS, writes.length)))
    for (const [index, write] of writes.entries()) {
      if (moments.has(index)) {
        const sectors = draw(write.length / 512 + 1)
        await replay(logged, write, image, sectors)
        const moment = `seed ${seed}, ${index} of ${writes.length} writes and ${sectors} sectors`
        const view = await loaderView(before).catch((cause: unknown) => {
          throw new Error(`${moment}: neither the old nor the new system`, { cause })
        })
        judge(view, moment)
        if (view.starts !== undefined) expect(await afterRepair(before, dirname(log)), moment).toEqual(view)
      }
      await replay(logged, write, image)
    }
  })
}

/** The same after fsck.fat has mended what it finds on a copy: nothing of it may have touched what starts. */
async function afterRepair(image: string, folder: string): Promise<LoaderView> {
  const boot = (await readPartitions(fileSource(image)))?.partitions.find(
    ({ name }) => name === 'RANCHER_BOOT',
  )
  if (!boot) throw new Error('no boot volume')
  const volume = join(folder, 'repaired.fat')
  await replaceFile(volume, boot.content.open(), { sparse: true })
  const { code, stdout } = await runProgram('/usr/sbin/fsck.fat', ['-a', volume])
  expect([0, 1], stdout).toContain(code)
  return loaderView(image, volume)
}
