import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from './compile.ts'
import type { BenchRow } from './row.ts'

const LIMIT_KB = 100_000
const KINDS = {
  none: 'newc of 6 GB, memory',
  gzip: 'newc of 6 GB, gzip, memory',
  zstd: 'newc of 6 GB, zstd, memory',
  iso: 'ISO of 6 GB, memory',
  read: 'newc of 6 GB read, memory',
}

/** Peak resident memory over 6 GB in sparse files, thrown away as it is written: nothing may grow with the input. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'))
  const code = await mkdtemp(join(tmpdir(), 'bench-memory-code-'))
  try {
    const compiled = await compile(new URL('./memory-run.ts', import.meta.url), code)
    for (let i = 0; i < 6; i++) {
      const handle = await open(join(folder, `file-${i}`), 'w')
      await handle.truncate(1_000_000_000)
      await handle.close()
    }
    const rows: BenchRow[] = []
    for (const [kind, name] of Object.entries(KINDS)) {
      const { stdout } = await promisify(execFile)(process.execPath, [compiled, kind, folder])
      const ratio = Math.round((Number(stdout) / LIMIT_KB) * 1000) / 1000
      rows.push({ name, reference: '100 MB resident', ratio, goal: 1, met: ratio <= 1 })
    }
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(code, { recursive: true, force: true })
  }
}
