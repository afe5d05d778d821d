import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder, runKit } from './kit.ts'

test('the distribution itself reads the cloud-config, before and after it changes to the disk that this names', async () => {
  await inFolder(async (folder) => {
    const at = (name: string) => join(folder, name)
    const out = at('machine.iso')
    const command = 'echo "CUSTOMIZED $(hostname) on $(stat -f -c %T /home)" > /dev/console'
    const state = 'rancher: {state: {formatzero: true, autoformat: [/dev/vda]}}'
    writeFileSync(
      at('machine.yml'),
      `#cloud-config\nhostname: customized\n${state}\nruncmd:\n- ${JSON.stringify(command)}\n`,
    )
    await replaceFile(at('state.qcow2'), writeEmptyQcow2({ size: 10 * 1024 ** 3 }))
    const iso = join(inject('artifacts'), 'rancheros.iso')
    const { code, stderr } = await runKit(['customize', iso, out, '--cloud-config', at('machine.yml')])
    expect(code, stderr).toBe(0)
    const { accelerator } = await probeAccelerator({})
    const disks = [{ path: at('state.qcow2'), format: 'qcow2' }] as const
    const machine = { accelerator, memoryMb: 2048, cpus: 2, boot: { cdrom: out }, disks }
    await using started = await startMachine(qemuCommand(machine), {
      consoleLog: at('console.log'),
      stdin: 'ignore',
    })
    expect(await started.waitForLine(/CUSTOMIZED \S+/, 600_000)).toContain(
      'CUSTOMIZED customized on ext2/ext3',
    )
  })
})
