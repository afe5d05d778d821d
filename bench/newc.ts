import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeTree } from './newc-tree.ts'
import { type BenchRow, benchRow, takeTurns, timeProcess, timeScript } from './row.ts'

const ROUNDS = 5

/** Writes one newc archive of the same tree to memory (/dev/shm where there is one), page cache warm, whole processes. */
export async function run(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-newc-'))
  const outputs = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-newc-'))
  const output = join(outputs, 'initrd.cpio')
  const shell = (command: string) => timeProcess('sh', ['-c', `${command} > ${output}`], { cwd: root })
  try {
    const entries = await makeTree(root)
    const script = new URL('./newc-archive.ts', import.meta.url)
    const ours = () => timeScript(script, [root, output], join(outputs, 'compiled'))
    await ours()
    checkArchive(output, entries)

    const times = await takeTurns(
      ROUNDS,
      {
        ours,
        cpio: () => shell('find . | cpio --quiet -H newc -o'),
        cpioLarge: () => shell('find . | cpio --quiet -H newc -o -C 1048576'),
        cat: () => shell('find . -type f -print0 | xargs -0 cat'),
      },
      () => rm(output, { force: true }),
    )
    const name = 'newc, 4,200 files of 770 MB'
    return [
      benchRow(name, 'GNU cpio', times.ours, times.cpio, 0.35),
      benchRow(name, 'GNU cpio -C 1048576', times.ours, times.cpioLarge, 0.65),
      benchRow(name, 'cat', times.ours, times.cat, 1.3),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
    await rm(outputs, { recursive: true, force: true })
  }
}

/** A fast archive that is wrong would be worth nothing. */
function checkArchive(path: string, entries: number): void {
  const listed = execFileSync('sh', ['-c', `cpio --quiet -it < ${path} | wc -l`]).toString()
  if (Number(listed) !== entries)
    throw new Error(`GNU cpio lists ${listed.trim()} entries, ${entries} expected`)
}
