import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from './compile.ts'
import { type BenchRow, benchRow, takeTurns, timeProcess } from './row.ts'

const ROUNDS = 5
const SIZE = 256_000_000
const GOALS = { 1: 1.15, 6: 0.95 }

/** Compresses programs, text-like and random bytes to memory (/dev/shm where there is one), whole processes. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-gzip-'))
  const [input, ours, theirs] = ['input', 'ours.gz', 'theirs.gz'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    const compiled = await compile(new URL('./gzip-file.ts', import.meta.url), folder)
    await writeSample(input)
    const rows: BenchRow[] = []
    for (const [level, goal] of Object.entries(GOALS)) {
      const node = [compiled, input, ours, level]
      const times = await takeTurns(Number(level) === 1 ? ROUNDS : 3, {
        ours: () => timeProcess(process.execPath, node),
        pigz: () => timeProcess('sh', ['-c', `pigz -${level} -n -c ${input} > ${theirs}`]),
      })
      checkMember(ours, input)
      const name = `gzip -${level}, 256 MB`
      rows.push(benchRow(name, `pigz -${level}`, times.ours, times.pigz, goal))
      rows.push(benchRow(`${name}, size`, `pigz -${level}`, statSync(ours).size, statSync(theirs).size, 1.01))
    }
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Four parts of this Node's program to one part of bytes that nothing makes shorter, as in an initrd. */
async function writeSample(path: string): Promise<void> {
  const program = readFileSync(process.execPath)
  const noise = Buffer.concat(
    Array.from({ length: 32_768 }, (_, index) => createHash('sha256').update(String(index)).digest()),
  )
  const handle = await open(path, 'w')
  for (
    let done = 0, at = 0;
    done < SIZE;
    at = (at + 4 * noise.length) % (program.length - 4 * noise.length)
  ) {
    for (const part of [program.subarray(at, at + 4 * noise.length), noise]) {
      const length = Math.min(part.length, SIZE - done)
      await handle.write(part, 0, length)
      done += length
    }
  }
  await handle.close()
}

/** A fast file that is wrong would be worth nothing. */
function checkMember(packed: string, input: string): void {
  execFileSync('sh', ['-c', `gzip -dc ${packed} | cmp - ${input}`])
}
