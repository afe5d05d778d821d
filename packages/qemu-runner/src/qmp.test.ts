import { type ChildProcess, spawn } from 'node:child_process'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { connectQmp, isSocketServed } from './index.ts'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A QEMU without any hardware: only its control socket. */
function emptyQemu(socket: string): ChildProcess {
  const options = `unix:${socket},server=on,wait=off`
  const args = ['-machine', 'none', '-nodefaults', '-display', 'none', '-qmp', options]
  const child = spawn('qemu-system-x86_64', args, { stdio: 'ignore' })
  children.push(child)
  return child
}

test('commands, errors and the end of a real QEMU', async () => {
  await inDirectory(async (directory) => {
    const socket = join(directory, 'qmp')
    // The socket is not there yet when the connection is asked for.
    const connecting = connectQmp(socket, { timeoutMs: 20_000 })
    const child = emptyQemu(socket)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const qmp = await connecting
    const events: string[] = []
    qmp.onEvent = (event) => events.push(event)
    const [status, version] = await Promise.all([qmp.execute('query-status'), qmp.execute('query-version')])
    expect(status).toMatchObject({ status: 'running' })
    expect(version).toMatchObject({ qemu: { major: expect.any(Number) } })
    await expect(qmp.execute('no-such-command')).rejects.toMatchObject({
      code: 'ROS_QEMU_QMP',
      message: expect.stringMatching(/no-such-command: .*not been found \(CommandNotFound\)/),
    })
    await expect(qmp.execute('device_del', { id: 'none' })).rejects.toThrow(/DeviceNotFound/)
    await qmp.execute('system_powerdown')
    await qmp.execute('quit')
    expect(await ended).toBe(0)
    expect(events).toContain('SHUTDOWN')
    await expect(qmp.execute('query-status')).rejects.toMatchObject({ code: 'ROS_QEMU_QMP' })
  })
})

test('others wait for the same socket', async () => {
  await inDirectory(async (directory) => {
    const socket = join(directory, 'qmp')
    emptyQemu(socket)
    const first = await connectQmp(socket, { timeoutMs: 20_000 })
    const others = Array.from({ length: 4 }, () => createConnection(socket).on('error', () => undefined))
    const codes = await Promise.all(
      others.map(
        (other) =>
          new Promise((resolve) => {
            other.once('connect', () => resolve('connected'))
            other.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
          }),
      ),
    )
    expect(codes).toContain('EAGAIN')
    expect(await isSocketServed(socket)).toBe(true)
    const connecting = connectQmp(socket, { timeoutMs: 20_000 })
    await sleep(200)
    for (const other of others) other.destroy()
    first.close()
    const second = await connecting
    expect(await second.execute('query-status')).toMatchObject({ status: 'running' })
    second.close()
  })
})

test('nobody there', async () => {
  await inDirectory(async (directory) => {
    const socket = join(directory, 'qmp')
    await expect(connectQmp(socket, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ROS_QEMU_QMP',
      subject: `control socket ${socket}`,
      got: expect.stringContaining('ENOENT'),
    })
    const stop = new AbortController()
    const waiting = connectQmp(socket, { timeoutMs: 60_000, signal: stop.signal })
    stop.abort(new Error('no longer wanted'))
    await expect(waiting).rejects.toThrow('no longer wanted')
  })
})

test.each([
  ['silence', () => undefined, /does not greet/],
  ['an end', (socket: Socket) => socket.end(), /does not greet/],
  ['no JSON', (socket: Socket) => socket.write('<html>\n'), /does not greet/],
  [
    'a greeting, then an end',
    (socket: Socket) => socket.end('{"QMP":{}}\n'),
    /qmp_capabilities: connection closed/,
  ],
  [
    'a greeting, then no JSON',
    (socket: Socket) => socket.write('{"QMP":{}}\n') && socket.once('data', () => socket.write('oops\n')),
    /qmp_capabilities: not JSON: oops|qmp_capabilities: connection closed/,
  ],
  [
    'refusal of the negotiation',
    (socket: Socket) =>
      socket.write('{"QMP":{}}\n') &&
      socket.once('data', () => socket.write('{"id":1,"error":{"class":"GenericError","desc":"no"}}\n')),
    /qmp_capabilities: no \(GenericError\)/,
  ],
])('a socket that answers with %s', async (_, answer, message) => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'qmp')
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      answer(socket)
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    try {
      await expect(connectQmp(path, { timeoutMs: 300 })).rejects.toMatchObject({
        code: 'ROS_QEMU_QMP',
        message: expect.stringMatching(message),
      })
    } finally {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  })
})

test('messages in pieces, events between, answers out of order', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'qmp')
    const server = createServer((socket) => {
      socket.write('{"QMP":{}}\r\n')
      let seen = ''
      socket.on('data', (bytes) => {
        seen += bytes.toString()
        if (seen.includes('qmp_capabilities') && !seen.includes('"id":2'))
          socket.write('{"return":{},"id":1}\n')
        if (!seen.includes('"id":3')) return
        socket.write('{"event":"STOP"}\n{"return":"third","id":3}\n{"ret')
        setImmediate(() => socket.write('urn":"second","id":2}\n\n'))
      })
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const qmp = await connectQmp(path, { timeoutMs: 10_000 })
    const events: string[] = []
    qmp.onEvent = (event) => events.push(event)
    expect(await Promise.all([qmp.execute('a'), qmp.execute('b')])).toEqual(['second', 'third'])
    expect(events).toEqual(['STOP'])
    qmp.close()
    server.close()
  })
})
