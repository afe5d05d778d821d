import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fromBytes, zeros } from '@ros/bytes'
import { memoryToBoot, unpackedSize } from '@ros/distro'
import { writeInitrd } from '@ros/initrd'
import { qemuCommand, startMachine } from '@ros/qemu-runner'
import { file, Tree } from '@ros/tree'
import { expect, inject, test } from 'vitest'
import { inFolder, runKit } from './kit.ts'

const artifacts = inject('artifacts')
const MIB = 1024 ** 2

/** How the kernel gets on with the initrd: it has no init, so the boot ends one way or the other at once. */
async function outcome(initrd: string, memoryMb: number): Promise<string> {
  const command = qemuCommand({
    accelerator: 'tcg',
    memoryMb,
    cpus: 1,
    noReboot: true,
    network: 'none',
    boot: { kernel: join(artifacts, 'vmlinuz'), initrd, append: 'console=ttyS0 panic=-1' },
  })
  await using machine = await startMachine(command)
  const line = await machine.waitForLine(/Initramfs unpacking failed|Kernel panic/, 300_000)
  return line.includes('unpacking failed') ? 'does not fit' : 'unpacked'
}

test.each([
  ['mostly unpacked', 100, 0],
  ['mostly compressed', 60, 30],
])(
  'the memory that an initrd needs, %s: the estimate is enough, a twentieth less is not',
  async (_, plain, random) => {
    await inFolder(async (folder) => {
      const tree = new Tree()
      for (let index = 0; index < plain; index++) tree.add(`zero${index}`, file(zeros(MIB)))
      for (let index = 0; index < random; index++)
        tree.add(`random${index}`, file(fromBytes(randomBytes(MIB))))
      const chunks: Uint8Array[] = []
      for await (const chunk of writeInitrd(tree)) chunks.push(chunk.slice())
      const initrd = gzipSync(Buffer.concat(chunks), { level: 1 })
      const path = join(folder, 'initrd')
      writeFileSync(path, initrd)
      const least = memoryToBoot({ initrd: initrd.length, unpacked: unpackedSize(tree) }) / MIB
      expect(await outcome(path, Math.ceil(least))).toBe('unpacked')
      expect(await outcome(path, Math.floor(least * 0.95))).toBe('does not fit')
    })
  },
)

test('run warns before it boots with too little memory, build says how much is enough', async () => {
  await inFolder(async (folder) => {
    const dry = (memory: string) =>
      runKit(['run', '--out', artifacts, '--dry-run', '--memory', memory], { cwd: folder })
    const little = await dry('512')
    expect(little.stderr).toMatch(
      /warning: 512 MB of memory will not do: .*"Initramfs unpacking failed" below (\d+) MB/,
    )
    const [, least = ''] = /below (\d+) MB/.exec(little.stderr) ?? []
    expect((await dry(least)).stderr).not.toContain('warning')
    expect((await dry(String(Number(least) - 1))).stderr).toContain('warning')
  })
})
