import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder, kit } from '../kit.ts'

test('a machine starts by iPXE over HTTP from what `serve` offers', async () => {
  await inFolder(async (folder) => {
    const out = inject('artifacts')
    const server = spawn(kit, ['serve', '--out', out, '--listen', '127.0.0.1', '--port', '0'], {
      stdio: 'pipe',
    })
    let log = ''
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    try {
      const [said] = (await once(server.stdout, 'data')) as [Buffer]
      const port = /http:\/\/127\.0\.0\.1:(\d+)\/rancheros\.ipxe/.exec(said.toString())?.[1]
      expect(port, said.toString()).toBeDefined()
      const { accelerator } = await probeAccelerator({})
      const command = qemuCommand({
        accelerator,
        memoryMb: 2048,
        cpus: 2,
        // Nothing is on the disk: the BIOS goes on to the card.
        boot: { disk: '/dev/null', readOnly: true },
        network: 'none',
        extra: [
          '-boot',
          'strict=off,order=n',
          '-netdev',
          `user,id=pxe,bootfile=http://10.0.2.2:${port}/rancheros.ipxe`,
          '-device',
          'virtio-net-pci,netdev=pxe,bootindex=9',
        ],
      })
      await using machine = await startMachine(command, {
        consoleLog: join(folder, 'console.log'),
        stdin: 'ignore',
      })
      await machine.waitForLine(/RancherOS \S+ started/, 600_000)
      for (const name of ['rancheros.ipxe', 'vmlinuz', 'initrd'])
        expect(log).toMatch(new RegExp(`GET /${name} 20[06]`))
    } finally {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
  })
})
