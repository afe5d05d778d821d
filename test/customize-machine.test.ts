import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder, runKit } from './kit.ts'

test('the distribution itself reads the cloud-config and starts with what it says', async () => {
  await inFolder(async (folder) => {
    const at = (name: string) => join(folder, name)
    const out = at('machine.iso')
    const command = 'echo "CUSTOMIZED $(hostname)" > /dev/console'
    writeFileSync(
      at('machine.yml'),
      `#cloud-config\nhostname: customized\nruncmd:\n- ${JSON.stringify(command)}\n`,
    )
    const iso = join(inject('artifacts'), 'rancheros.iso')
    const { code, stderr } = await runKit(['customize', iso, out, '--cloud-config', at('machine.yml')])
    expect(code, stderr).toBe(0)
    const { accelerator } = await probeAccelerator({})
    const machine = { accelerator, memoryMb: 2048, cpus: 2, boot: { cdrom: out } }
    await using started = await startMachine(qemuCommand(machine), {
      consoleLog: at('console.log'),
      stdin: 'ignore',
    })
    expect(await started.waitForLine(/CUSTOMIZED \S+/, 600_000)).toMatch(/CUSTOMIZED customized/)
  })
})
