import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from './compile.ts'
import { type BenchRow, benchRow, takeTurns, timeProcess } from './row.ts'

const ROUNDS = 7
const FILES = { vmlinuz: 8_000_000, initrd: 300_000_000 }

/** Writes an image of a kernel and an initrd to memory (/dev/shm where there is one), page cache warm, whole processes. */
export async function run(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'bench-iso-'))
  const outputs = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-iso-'))
  const output = join(outputs, 'rancheros.iso')
  const options = ['-quiet', '-R', '-J', '-V', 'BENCH', '-o', output, root]
  try {
    const compiled = await compile(new URL('./iso-image.ts', import.meta.url), outputs)
    const node = [compiled, root, output]
    await mkdir(join(root, 'boot'))
    for (const [name, size] of Object.entries(FILES)) await writeNoise(join(root, 'boot', name), size)
    await timeProcess(process.execPath, node)
    checkImage(output, join(root, 'boot/initrd'))
    const times = await takeTurns(
      ROUNDS,
      {
        ours: () => timeProcess(process.execPath, node),
        xorriso: () => timeProcess('xorriso', ['-as', 'mkisofs', ...options]),
        genisoimage: () => timeProcess('genisoimage', options),
      },
      () => rm(output, { force: true }),
    )
    const name = 'ISO, kernel and initrd of 308 MB'
    return [
      benchRow(name, 'xorriso -R -J', times.ours, times.xorriso, 0.5),
      benchRow(name, 'genisoimage -R -J', times.ours, times.genisoimage, 1.7),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
    await rm(outputs, { recursive: true, force: true })
  }
}

/** Bytes that nothing can make shorter, the same every time. */
async function writeNoise(path: string, size: number): Promise<void> {
  const block = Buffer.concat(
    Array.from({ length: 32_768 }, (_, index) => createHash('sha256').update(String(index)).digest()),
  )
  const handle = await open(path, 'w')
  for (let left = size; left > 0; left -= block.length)
    await handle.write(block, 0, Math.min(left, block.length))
  await handle.close()
}

/** A fast image that is wrong would be worth nothing. */
function checkImage(image: string, initrd: string): void {
  const read = execFileSync('bsdtar', ['-xOf', image, 'boot/initrd'], { maxBuffer: 400_000_000 })
  if (!read.equals(readFileSync(initrd))) throw new Error('bsdtar reads another initrd from the image')
}
