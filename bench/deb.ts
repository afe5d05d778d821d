import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchDebs, readHostIndex } from '@ros/debian'
import { openStore } from '@ros/store'
import { type BenchRow, benchRow, takeTurns, timeProcess } from './row.ts'

const ROUNDS = 5

/** Unpacks the package docker.io (36 MB, 150 MB unpacked) to memory, whole processes. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-deb-'))
  const outputs = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-deb-'))
  try {
    const [record] = (await readHostIndex()).versions('docker.io')
    if (!record) throw new Error('apt knows no docker.io')
    const store = await openStore(folder)
    await fetchDebs([record], store)
    const deb = store.path(record.digest)
    // The built packages, as they are installed: the decoder of xz is native and cannot be compiled in.
    const script = fileURLToPath(new URL('./deb-unpack.ts', import.meta.url))
    const [ours, theirs] = [join(outputs, 'ours'), join(outputs, 'theirs')]
    const times = await takeTurns(
      ROUNDS,
      {
        ours: () => timeProcess(process.execPath, [script, deb, ours]),
        dpkg: () => timeProcess('dpkg-deb', ['-x', deb, theirs]),
      },
      async () => {
        for (const path of [ours, theirs]) await rm(path, { recursive: true, force: true })
      },
    )
    return [benchRow('.deb of 36 MB, unpacked and proven', 'dpkg-deb -x', times.ours, times.dpkg, 1.8)]
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(outputs, { recursive: true, force: true })
  }
}
