import { join } from 'node:path'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder } from './kit.ts'
import { ovmf } from './matrix/firmware.ts'

test('the ISO boots as a CD under UEFI with secure boot', async () => {
  await inFolder(async (folder) => {
    const { accelerator } = await probeAccelerator({})
    const command = qemuCommand({
      accelerator,
      memoryMb: 2048,
      cpus: 2,
      boot: { cdrom: join(inject('artifacts'), 'rancheros.iso') },
      firmware: ovmf('secure boot'),
    })
    await using machine = await startMachine(command, {
      consoleLog: join(folder, 'console.log'),
      stdin: 'ignore',
    })
    expect(await machine.waitForLine(/RancherOS \S+ started/, 600_000)).toMatch(
      /RancherOS v\d+\.\d+\.\d+ started/,
    )
  })
})
