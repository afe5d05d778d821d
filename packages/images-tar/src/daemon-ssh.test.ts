// A real sshd in front of a real dockerd.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDockerd, type TestDaemon } from '../test/dockerd.ts'
import { connectDaemon } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-ssh-'))
const at = (name: string) => join(folder, name)
const path = process.env['PATH']
let daemon: TestDaemon
let sshd: ReturnType<typeof spawn>
let port: number

beforeAll(async () => {
  daemon = await startDockerd()
  port = await freePort()
  for (const name of ['host', 'stranger', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)])
  writeFileSync(at('authorized'), readFileSync(at('user.pub')))
  const server = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized')}`,
  ]
  const strict = [
    'StrictModes no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'PidFile none',
    'UsePAM no',
  ]
  writeFileSync(
    at('sshd_config'),
    `${[...server, ...strict, `SetEnv DOCKER_HOST=unix://${daemon.socket}`].join('\n')}\n`,
  )
  mkdirSync('/run/sshd', { recursive: true })
  sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('sshd_config')], { stdio: 'ignore' })
  // The user's configuration, which cannot be named in an address.
  const client = [
    `IdentityFile ${at('user')}`,
    `UserKnownHostsFile ${at('known')}`,
    'BatchMode yes',
    'StrictHostKeyChecking yes',
  ]
  writeFileSync(at('ssh_config'), `${client.join('\n')}\n`)
  mkdirSync(at('bin'))
  const real = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim()
  writeFileSync(at('bin/ssh'), `#!/bin/sh\nexec ${real} -F ${at('ssh_config')} "$@"\n`)
  chmodSync(at('bin/ssh'), 0o755)
  process.env['PATH'] = `${at('bin')}${delimiter}${path}`
  for (let attempt = 0; attempt < 100 && !(await listens()); attempt++) await sleep(100)
}, 120_000)

afterAll(async () => {
  process.env['PATH'] = path
  sshd.kill()
  await once(sshd, 'exit')
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

const address = () => `ssh://root@127.0.0.1:${port}`
const known = (key: string) =>
  writeFileSync(at('known'), `[127.0.0.1]:${port} ${readFileSync(at(`${key}.pub`), 'utf8')}`)

test('a daemon behind ssh, whose host is known', async () => {
  known('host')
  const docker = await connectDaemon(address())
  const { ID: id } = (await docker.info()) as { ID: string }
  expect(id).toBe(((await daemon.docker.info()) as { ID: string }).ID)
})

test.each([
  ['another key than the known one', () => known('stranger')],
  ['no known key', () => writeFileSync(at('known'), '')],
])('%s: nothing is sent, and ssh says why', async (_, prepare) => {
  prepare()
  await expect((await connectDaemon(address())).info()).rejects.toThrow('Host key verification failed')
})

test('a host is never an option of ssh', async () => {
  await expect((await connectDaemon('ssh://-oProxyCommand=true')).info()).rejects.toThrow()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const given = server.address()
  server.close()
  await once(server, 'close')
  if (given === null || typeof given === 'string') throw new Error('no port')
  return given.port
}

async function listens(): Promise<boolean> {
  try {
    execFileSync('ssh-keyscan', ['-p', String(port), '127.0.0.1'], { stdio: ['ignore', 'pipe', 'ignore'] })
    return true
  } catch {
    return false
  }
}
