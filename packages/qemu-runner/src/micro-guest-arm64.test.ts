import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { microGuestArm64, qemuCommand, startMachine } from './index.ts'

test('the guest counts, prints and switches itself off', async () => {
  await inDirectory(async (directory) => {
    const kernel = join(directory, 'guest')
    await writeFile(kernel, microGuestArm64('hello from arm64\r\n', 70_000))
    const options = { arch: 'aarch64', accelerator: 'tcg', memoryMb: 16, cpus: 1, network: 'none' } as const
    await using machine = await startMachine(qemuCommand({ ...options, boot: { kernel } }))
    expect(await machine.waitForLine(/hello/, 30_000)).toBe('hello from arm64')
    expect(await machine.exited).toEqual({ code: 0, signal: null })
  })
})
