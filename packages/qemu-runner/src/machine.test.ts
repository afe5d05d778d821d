import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alive, echo, guestCommand, inDirectory, obeyPowerButton } from './guest.fixture.ts'
import { type Machine, startMachine } from './index.ts'

const gone = async (path: string) => (await stat(path).catch(() => undefined)) === undefined

test('a guest prints lines; they are awaited, logged and passed on; quit ends it', async () => {
  await inDirectory(async (directory) => {
    const command = await guestCommand(directory, '\x1b[1mfirst\x1b[0m line\r\nsecond line\r\nlogin: ')
    const consoleLog = join(directory, 'logs/console.log')
    const seen: string[] = []
    const machine = await startMachine(command, { consoleLog, onConsole: (text) => seen.push(text) })
    expect(await machine.waitForLine(/first/, 30_000)).toBe('first line')
    expect(await machine.waitForLine(/line/, 30_000)).toBe('second line')
    expect(await machine.waitForLine(/login: $/, 30_000)).toBe('login: ')
    await expect(machine.waitForLine(/never/, 50)).rejects.toMatchObject({
      code: 'ROS_QEMU_CONSOLE_TIMEOUT',
      lines: ['first line', 'second line', 'login: '],
    })
    const pid = machine.pid ?? 0
    expect(alive(pid)).toBe(true)
    expect(await machine.quit()).toEqual({ code: 0, signal: null })
    expect(await machine.exited).toEqual({ code: 0, signal: null })
    expect(alive(pid)).toBe(false)
    expect(await gone(command.qmpSocket ?? '')).toBe(true)
    expect(await readFile(consoleLog, 'latin1')).toContain(
      '\x1b[1mfirst\x1b[0m line\r\nsecond line\r\nlogin: ',
    )
    expect(seen.join('')).toContain('second line\r\n')
    await expect(machine.waitForLine(/more/, 30_000)).rejects.toMatchObject({ code: 'ROS_QEMU_EXITED' })
    expect(await machine.quit()).toEqual({ code: 0, signal: null })
  })
})

test('the power button reaches the guest, which switches itself off', async () => {
  await inDirectory(async (directory) => {
    const command = await guestCommand(directory, 'up\r\n', obeyPowerButton)
    await using machine = await startMachine(command)
    await machine.waitForLine(/!/, 30_000)
    expect(await machine.powerDown(30_000)).toEqual({ code: 0, signal: null })
    expect(await machine.powerDown()).toEqual({ code: 0, signal: null })
  })
})

test('a guest that ignores the power button is reported with its last lines, and still runs', async () => {
  await inDirectory(async (directory) => {
    await using machine = await startMachine(await guestCommand(directory, 'busy\r\n'))
    await machine.waitForLine(/busy/, 30_000)
    await expect(machine.powerDown(50)).rejects.toMatchObject({
      code: 'ROS_QEMU_POWER_TIMEOUT',
      lines: ['busy'],
    })
    expect(alive(machine.pid ?? 0)).toBe(true)
  })
})

test('leaving the scope ends the machine', async () => {
  await inDirectory(async (directory) => {
    let kept: Machine
    {
      await using machine = await startMachine(await guestCommand(directory, 'x\r\n'))
      kept = machine
      expect(alive(kept.pid ?? 0)).toBe(true)
    }
    expect(alive(kept.pid ?? 0)).toBe(false)
  })
})

test('what is written reaches the guest', async () => {
  await inDirectory(async (directory) => {
    await using machine = await startMachine(await guestCommand(directory, 'ready\r\n', echo), {
      stdin: 'pipe',
    })
    await machine.waitForLine(/ready/, 30_000)
    machine.write('hello guest\n')
    expect(await machine.waitForLine(/hello/, 30_000)).toBe('hello guest')
  })
})

test('a wait ends when the machine does, with what the console showed', async () => {
  await inDirectory(async (directory) => {
    const machine = await startMachine(await guestCommand(directory, 'almost\r\n'))
    await machine.waitForLine(/almost/, 30_000)
    const waiting = machine.waitForLine(/there/, 30_000)
    process.kill(machine.pid ?? 0, 'SIGKILL')
    await expect(waiting).rejects.toMatchObject({
      code: 'ROS_QEMU_EXITED',
      got: 'signal SIGKILL',
      lines: ['almost'],
    })
    expect(await machine.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await gone(join(directory, 'qmp'))).toBe(true)
  })
})

test('a stopped QEMU is ended all the same', async () => {
  await inDirectory(async (directory) => {
    const machine = await startMachine(await guestCommand(directory, 'x\r\n'))
    process.kill(machine.pid ?? 0, 'SIGSTOP')
    expect(await machine.quit()).toEqual({ code: null, signal: 'SIGKILL' })
  })
})

test('QEMU is not installed', async () => {
  await expect(startMachine({ program: 'qemu-system-missing', args: [] })).rejects.toMatchObject({
    code: 'ROS_QEMU_NOT_FOUND',
    subject: 'qemu-system-missing',
    hint: expect.stringMatching(/apt install qemu-system-x86.*dnf.*brew install qemu/),
  })
})

test('a program that may not be run', async () => {
  await inDirectory(async (directory) => {
    const program = join(directory, 'qemu')
    await writeFile(program, '#!/bin/sh\n')
    await chmod(program, 0o600)
    await expect(startMachine({ program, args: [] })).rejects.toThrow(/QEMU cannot be started: .*EACCES/)
  })
})

test("QEMU's own message when it refuses", async () => {
  await inDirectory(async (directory) => {
    const command = await guestCommand(directory, 'x', undefined, { extra: ['-no-such-option'] })
    await expect(startMachine(command)).rejects.toMatchObject({
      code: 'ROS_QEMU_EXITED',
      got: 'exit code 1',
      message: expect.stringContaining('-no-such-option: invalid option'),
    })
    const missing = await guestCommand(directory, 'x', undefined, {
      disks: [{ path: '/no/disk', format: 'raw' }],
    })
    await expect(startMachine(missing)).rejects.toThrow("Could not open '/no/disk'")
  })
})

test('a port that was taken in the meantime', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await inDirectory(async (directory) => {
      const network = { forwards: [{ hostPort: port, guestPort: 22 }] }
      await expect(
        startMachine(await guestCommand(directory, 'x', undefined, { network })),
      ).rejects.toMatchObject({
        code: 'ROS_QEMU_EXITED',
        hint: expect.stringContaining('--port N'),
      })
    })
  } finally {
    server.close()
  }
})

test('a disk that another machine has open', async () => {
  await inDirectory(async (directory) => {
    const state = join(directory, 'state.img')
    await writeFile(state, new Uint8Array(1_048_576))
    const disks = [{ path: state, format: 'raw' }] as const
    await using machine = await startMachine(await guestCommand(directory, 'x\r\n', undefined, { disks }))
    await machine.waitForLine(/x/, 30_000)
    const second = await guestCommand(directory, 'x\r\n', undefined, {
      disks,
      qmpSocket: join(directory, 'other'),
    })
    await expect(startMachine(second)).rejects.toMatchObject({
      code: 'ROS_QEMU_EXITED',
      hint: expect.stringContaining('another machine has this disk image open'),
    })
  })
})

test('a control socket in use is left to its machine, a stale one is no obstacle', async () => {
  await inDirectory(async (directory) => {
    const command = await guestCommand(directory, 'x\r\n')
    const socket = command.qmpSocket ?? ''
    await using machine = await startMachine(command)
    await expect(startMachine(command)).rejects.toMatchObject({
      code: 'ROS_QEMU_SOCKET_IN_USE',
      subject: socket,
    })
    expect(await machine.qmp?.execute('query-status')).toMatchObject({ status: 'running' })
    await machine.quit()
    await writeFile(socket, '')
    await using second = await startMachine(command)
    expect(await second.waitForLine(/x/, 30_000)).toBe('x')
  })
})

test('a log that cannot be written is told once, and the machine goes on', async () => {
  await inDirectory(async (directory) => {
    const warnings: string[] = []
    const options = { consoleLog: '/dev/full', onWarning: (message: string) => warnings.push(message) }
    await using machine = await startMachine(await guestCommand(directory, 'one\r\ntwo\r\n'), options)
    expect(await machine.waitForLine(/two/, 30_000)).toBe('two')
    expect(warnings).toEqual([expect.stringMatching(/^console log \/dev\/full ends here: ENOSPC/)])
  })
})
