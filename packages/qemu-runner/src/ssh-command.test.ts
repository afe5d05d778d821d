import { PassThrough, Readable, Writable } from 'node:stream'
import type { Client } from 'ssh2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { capture, connectSsh, freePort, interactiveShell, runCommand } from './index.ts'
import { admittedKey, startSshd } from './sshd.fixture.ts'

let connect: () => Promise<Client>
let client: Client
let finish: () => void
let finished: Promise<void>

beforeAll(async () => {
  await new Promise<void>((resolve, reject) => {
    finished = inDirectory(async (directory) => {
      const port = await freePort()
      await using sshd = await startSshd(directory, port)
      const { privateKey } = await admittedKey(sshd)
      const hostKey = { knownHostsFile: `${directory}/known_hosts` }
      connect = () => connectSsh({ port, username: sshd.username, privateKey, hostKey, timeoutMs: 30_000 })
      client = await connect()
      resolve()
      await new Promise<void>((end) => {
        finish = end
      })
      client.end()
    })
    finished.catch(reject)
  })
})

afterAll(async () => {
  finish()
  await finished
})

/** A slow reader, so that the window fills and the other side must wait. */
function slowSink(): Writable & { text(): string } {
  const chunks: Buffer[] = []
  const sink = new Writable({
    highWaterMark: 1_000,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      setImmediate(done)
    },
  })
  return Object.assign(sink, { text: () => Buffer.concat(chunks).toString('utf8') })
}

test('output, errors and exit code', async () => {
  expect(await capture(client, 'echo out; echo err >&2; exit 7')).toEqual({
    code: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  expect(await capture(client, 'true')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('a command ended by a signal', async () => {
  expect(await runCommand(client, 'kill -TERM $$')).toEqual({ code: 143, signal: 'SIGTERM' })
})

test('input goes in, its end too, and a large output comes whole to a slow reader', async () => {
  const text = 'grüße 0123456789\n'.repeat(200_000)
  const stdout = slowSink()
  const exit = await runCommand(client, 'cat; echo done >&2', { stdin: Readable.from([text]), stdout })
  expect(exit).toEqual({ code: 0 })
  expect(stdout.text() === text).toBe(true)
  expect(stdout.writableEnded).toBe(false)
})

test('no input is an empty one; an input that has ended already is too', async () => {
  expect((await capture(client, 'cat; echo end')).stdout).toBe('end\n')
  const ended = Readable.from(['x'])
  ended.resume()
  await new Promise((resolve) => ended.once('end', resolve))
  expect(await runCommand(client, 'cat', { stdin: ended })).toEqual({ code: 0 })
})

test('a command that does not read its input', async () => {
  const stdin = new PassThrough()
  const feed = setInterval(() => stdin.write('x'.repeat(1_000)), 1)
  try {
    expect(await runCommand(client, 'exit 5', { stdin })).toEqual({ code: 5 })
    expect(stdin.listenerCount('data')).toBe(0)
  } finally {
    clearInterval(feed)
  }
})

test('more than the limit is an error, not a cut', async () => {
  await expect(capture(client, 'yes', 100_000)).rejects.toMatchObject({
    code: 'ROS_SSH_OUTPUT',
    limit: '100000 bytes',
  })
  expect((await capture(client, 'head -c 1000 /dev/zero', 1_000)).stdout).toHaveLength(1_000)
})

test('an output that breaks ends the command', async () => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('pipe broke')) })
  await expect(runCommand(client, 'yes', { stdout })).rejects.toThrow('pipe broke')
})

test('a terminal of the size asked for', async () => {
  const stdout = slowSink()
  const pty = { columns: 99, rows: 33, term: 'vt100' }
  expect(await runCommand(client, 'tty >&2; stty size; echo $TERM', { stdout, pty })).toEqual({ code: 0 })
  expect(stdout.text()).toMatch(/^\/dev\/\S+\r\n33 99\r\nvt100\r\n$/)
})

test('an interactive shell: keys, size changes, raw mode and exit code', async () => {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (raw: boolean) => modes.push(raw),
  })
  const output = Object.assign(slowSink(), { columns: 90, rows: 30 })
  const shown = (pattern: RegExp) => expect.poll(() => output.text(), { timeout: 20_000 }).toMatch(pattern)
  const shell = interactiveShell(client, { input, output, command: 'PS1= exec sh -i' })
  input.write('stty size; echo rea""dy\n')
  await shown(/30 90[\s\S]*ready/)
  Object.assign(output, { columns: 120, rows: 40 }).emit('resize')
  input.write('sleep 0.2; stty size; echo chan""ged\n')
  await shown(/40 120[\s\S]*changed/)
  expect(modes).toEqual([true])
  input.write('sh -c \'trap "echo caught; exit" INT; echo wait""ing; while :; do sleep 0.1; done\'\n')
  await shown(/^waiting/m)
  input.write('\x03')
  await shown(/^(\^C)?caught/m)
  input.write('echo st""ill here; exit 9\n')
  await shown(/still here/)
  expect(await shell).toBe(9)
  expect(modes).toEqual([true, false])
  expect(output.listenerCount('resize')).toBe(0)
})

test('a login shell', async () => {
  const input = new PassThrough()
  const output = slowSink()
  const shell = interactiveShell(client, { input, output })
  input.write('exit 3\n')
  expect(await shell).toBe(3)
})

test('the connection ends first', async () => {
  const other = await connect()
  const running = runCommand(other, 'sleep 60')
  setTimeout(() => other.destroy(), 100)
  await expect(running).rejects.toMatchObject({ code: 'ROS_SSH_CLOSED', subject: 'remote command sleep 60' })
  await expect(runCommand(other, 'true')).rejects.toMatchObject({ code: 'ROS_SSH_CLOSED' })
})
