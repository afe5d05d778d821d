import { join } from 'node:path'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder } from '../kit.ts'

test('the ISO boots as a CD, without a disk and with 1 GB of memory', async () => {
  await inFolder(async (folder) => {
    const { accelerator } = await probeAccelerator({})
    const boot = { cdrom: join(inject('artifacts'), 'rancheros.iso') }
    const command = qemuCommand({ accelerator, memoryMb: 1024, cpus: 2, boot })
    await using machine = await startMachine(command, {
      consoleLog: join(folder, 'console.log'),
      stdin: 'pipe',
    })
    expect(await machine.waitForLine(/RancherOS \S+ started/, 600_000)).toMatch(/RancherOS v\d/)
    // The console of the ISO is logged in: what is left for whoever works there, in megabytes.
    machine.write('echo an""swer: $(free -m | awk \'/^Mem/ {print $7}\')\n')
    const line = await machine.waitForLine(/^answer: \d+$/, 600_000)
    expect(Number(line.split(' ')[1])).toBeGreaterThan(100)
  })
})
