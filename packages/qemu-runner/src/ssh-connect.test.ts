import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { guestCommand, inDirectory } from './guest.fixture.ts'
import { capture, connectSsh, freePort, generateKeyPair, startMachine } from './index.ts'
import { admittedKey, startSshd } from './sshd.fixture.ts'

const never = generateKeyPair()

/** Options for a port that will not let us in; what is tested is how that is told. */
const options = (directory: string, port: number) => ({
  port,
  username: 'nobody',
  privateKey: never.privateKey,
  hostKey: { knownHostsFile: join(directory, 'known_hosts') },
  timeoutMs: 400,
})

async function listen(port: number, serve: (socket: Socket) => void): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

test('logs in once sshd is there; the host key is recorded in a form that OpenSSH takes', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    const pair = generateKeyPair('test')
    await writeFile(join(directory, 'authorized_keys'), `${pair.publicKey}\n`)
    const knownHostsFile = join(directory, 'state/known_hosts')
    const username = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
    const base = { port, username, privateKey: pair.privateKey, hostKey: { knownHostsFile } }
    const connecting = connectSsh({ ...base, timeoutMs: 30_000 })
    await using sshd = await startSshd(directory, port)
    const client = await connecting
    expect((await capture(client, 'echo $USER')).stdout).toBe(`${username}\n`)
    client.end()
    expect(await readFile(knownHostsFile, 'utf8')).toBe(`rancheros ssh-ed25519 ${sshd.hostKey}\n`)

    const again = await connectSsh({ ...base, timeoutMs: 30_000 })
    again.end()
    const key = join(directory, 'key')
    await writeFile(key, pair.privateKey, { mode: 0o600 })
    const strict = [
      'HostKeyAlias=rancheros',
      `UserKnownHostsFile=${knownHostsFile}`,
      'StrictHostKeyChecking=yes',
    ]
    const args = [...strict.flatMap((one) => ['-o', one]), '-F', 'none', '-i', key, '-p', String(port)]
    const said = execFileSync('ssh', [...args, `${username}@127.0.0.1`, 'echo by ssh'], { encoding: 'utf8' })
    expect(said).toBe('by ssh\n')
  })
})

test('another host key than the one recorded is refused at once, with both fingerprints', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    const knownHostsFile = join(directory, 'known_hosts')
    const hostKey = { knownHostsFile }
    let recorded: string
    let privateKey: string
    {
      await using sshd = await startSshd(directory, port, 'first')
      privateKey = (await admittedKey(sshd)).privateKey
      const client = await connectSsh({
        port,
        username: sshd.username,
        privateKey,
        hostKey,
        timeoutMs: 30_000,
      })
      client.end()
      recorded = await readFile(knownHostsFile, 'utf8')
    }
    await using other = await startSshd(directory, port, 'other')
    const print = (name: string) =>
      execFileSync('ssh-keygen', ['-lf', join(directory, `${name}_host_key`)], { encoding: 'utf8' }).split(
        ' ',
      )[1]
    const refused = connectSsh({ port, username: other.username, privateKey, hostKey, timeoutMs: 30_000 })
    await expect(refused).rejects.toMatchObject({
      code: 'ROS_SSH_HOST_KEY',
      got: print('other'),
      limit: `recorded: ${print('first')}`,
      hint: expect.stringContaining(knownHostsFile),
    })
    expect(await readFile(knownHostsFile, 'utf8')).toBe(recorded)
  })
})

test('a refused key is tried for a while, then told; nothing is recorded', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    await using sshd = await startSshd(directory, port)
    await admittedKey(sshd)
    const refused = connectSsh({
      ...options(directory, port),
      username: sshd.username,
      timeoutMs: 30_000,
      refusalGraceMs: 300,
    })
    await expect(refused).rejects.toMatchObject({
      code: 'ROS_SSH_AUTH',
      hint: expect.stringContaining('--fresh'),
    })
    await expect(readFile(join(directory, 'known_hosts'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('a key that is installed while we wait is let in', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    await using sshd = await startSshd(directory, port)
    const pair = generateKeyPair()
    const connecting = connectSsh({
      ...options(directory, port),
      username: sshd.username,
      privateKey: pair.privateKey,
      timeoutMs: 60_000,
    })
    setTimeout(() => void writeFile(sshd.authorizedKeysFile, `${pair.publicKey}\n`), 500)
    const client = await connecting
    client.end()
  })
})

test.each([
  ['nobody listens', undefined, /ECONNREFUSED/],
  ['silence', () => undefined, /timed out while waiting for the ssh server to greet/],
  ['an end', (socket: Socket) => socket.end(), /closed|lost|ended/i],
  ['a reset', (socket: Socket) => socket.resetAndDestroy(), /ECONNRESET|closed|lost/i],
  ['another protocol', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /./],
  [
    'a greeting and then silence',
    (socket: Socket) => socket.write('SSH-2.0-x\r\n'),
    /timed out while logging in/,
  ],
  [
    'a greeting and then noise',
    (socket: Socket) => socket.end(`SSH-2.0-x\r\n${'\xff'.repeat(100)}`, 'latin1'),
    /./,
  ],
])('%s: the time limit holds', async (_, serve, message) => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    await using _server = serve && (await listen(port, serve))
    await expect(connectSsh(options(directory, port))).rejects.toMatchObject({
      code: 'ROS_SSH_TIMEOUT',
      subject: `ssh nobody@127.0.0.1:${port}`,
      got: expect.stringMatching(message),
      limit: '0.4 s',
      lines: [],
    })
  })
})

test('the timeout shows the console of the machine, the end of the machine ends the waiting', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    const network = { forwards: [{ hostPort: port, guestPort: 22 }] }
    await using machine = await startMachine(
      await guestCommand(directory, 'no sshd\r\n', undefined, { network }),
    )
    await machine.waitForLine(/sshd/, 30_000)
    await expect(connectSsh({ ...options(directory, port), until: machine })).rejects.toMatchObject({
      code: 'ROS_SSH_TIMEOUT',
      lines: ['no sshd'],
    })
    const waiting = connectSsh({ ...options(directory, port), timeoutMs: 60_000, until: machine })
    const told = expect(waiting).rejects.toMatchObject({ code: 'ROS_QEMU_EXITED', lines: ['no sshd'] })
    await machine.quit()
    await told
  })
})

test('the caller can end the waiting', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    await using _server = await listen(port, () => undefined)
    const stop = new AbortController()
    const waiting = connectSsh({ ...options(directory, port), timeoutMs: 60_000, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('Ctrl-C')), 100)
    await expect(waiting).rejects.toThrow('Ctrl-C')
    await expect(connectSsh({ ...options(directory, port), signal: stop.signal })).rejects.toThrow('Ctrl-C')
  })
})

test('a private key that is none is a mistake of the caller and told at once', async () => {
  await inDirectory(async (directory) => {
    const port = await freePort()
    await using _server = await listen(port, () => undefined)
    const waiting = connectSsh({ ...options(directory, port), privateKey: 'x', timeoutMs: 60_000 })
    await expect(waiting).rejects.toMatchObject({ code: 'ROS_SSH_KEY' })
  })
})
