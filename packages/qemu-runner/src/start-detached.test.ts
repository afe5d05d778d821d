import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { alive, echo, guestCommand, halt, inDirectory } from './guest.fixture.ts'
import { attachConsole, connectQmp, isSocketServed, qemuCommand, startDetached } from './index.ts'

const quit = async (socket: string, pid: number) => {
  const qmp = await connectQmp(socket, { timeoutMs: 10_000 })
  await qmp.execute('quit').catch(() => undefined)
  qmp.close()
  await expect.poll(() => alive(pid), { timeout: 20_000 }).toBe(false)
}

test('a machine without an owner: log, console that is left and joined again, control, end', async () => {
  await inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name)
    const command = await guestCommand(directory, 'up\r\n', echo, {
      serial: { socket: path('console'), log: path('console.log') },
      controlSocket: path('control'),
    })
    const { pid } = await startDetached(command, { log: path('qemu.log') })
    try {
      await expect.poll(() => readFile(path('console.log'), 'latin1'), { timeout: 30_000 }).toContain('up')
      await expect(startDetached(command, { log: path('second.log') })).rejects.toMatchObject({
        code: 'ROS_QEMU_SOCKET_IN_USE',
      })
      for (const word of ['first', 'second']) {
        const [stdin, stdout] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()]
        let shown = ''
        stdout.on('data', (bytes) => {
          shown += bytes
        })
        const attached = attachConsole(path('console'), { stdin, stdout })
        stdin.write(word)
        await expect.poll(() => shown, { timeout: 10_000 }).toBe(word)
        stdin.write('\x1dnot sent')
        expect(await attached).toBe('left')
      }
      expect(await readFile(path('console.log'), 'latin1')).toContain('firstsecond')
      const [stdin, stdout] = [new PassThrough(), new PassThrough()]
      const attached = attachConsole(path('console'), { stdin, stdout })
      await quit(path('control'), pid)
      expect(await attached).toBe('ended')
      expect(await isSocketServed(path('control'))).toBe(false)
      await expect(attachConsole(path('console'), { stdin, stdout })).rejects.toMatchObject({
        code: 'ROS_QEMU_CONSOLE_BUSY',
      })
    } finally {
      if (alive(pid)) process.kill(pid, 'SIGKILL')
    }
  })
})

test('QEMU refuses, or is not there: its own words, and nothing is left', async () => {
  await inDirectory(async (directory) => {
    const options = { controlSocket: join(directory, 'control') }
    const command = await guestCommand(directory, 'x', halt, { ...options, extra: ['-device', 'nonsense'] })
    await expect(startDetached(command, { log: join(directory, 'log') })).rejects.toMatchObject({
      code: 'ROS_QEMU_EXITED',
      message: expect.stringContaining('nonsense') as string,
    })
    await expect(
      startDetached({ ...command, program: '/no/qemu' }, { log: join(directory, 'log') }),
    ).rejects.toMatchObject({ code: 'ROS_QEMU_NOT_FOUND' })
  })
})

test('QEMU takes folders, cards of every kind, netboot, VNC, and an arm64 machine with CD and display', async () => {
  await inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name)
    await writeFile(path('cd.iso'), new Uint8Array(1_048_576))
    const common = {
      accelerator: 'tcg',
      memoryMb: 64,
      cpus: 1,
      paused: true,
      controlSocket: path('control'),
      serial: { socket: path('console'), log: path('log') },
      display: { vnc: { socket: path('vnc') } },
      shares: [{ path: directory, tag: 'config-2' }],
      cdroms: [path('cd.iso')],
    } as const
    const tftp = { folder: directory, bootFile: 'boot.ipxe' }
    for (const command of [
      qemuCommand({
        ...common,
        boot: { network: true },
        network: [
          { kind: 'user', tftp },
          { kind: 'hub', hub: 1, mac: '52:54:00:00:00:01' },
          { kind: 'hub', hub: 1, model: 'e1000' },
        ],
      }),
      qemuCommand({ ...common, arch: 'aarch64', boot: { kernel: path('cd.iso') } }),
    ]) {
      const { pid } = await startDetached(command, { log: path('qemu.log') })
      expect(await isSocketServed(path('vnc'))).toBe(true)
      await quit(path('control'), pid)
      expect((await readFile(path('qemu.log'), 'utf8')).replace(/^.*: warning: hub 1 is not .*\n/, '')).toBe(
        '',
      )
    }
  })
})
