import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { TestCertificate } from './certificate.ts'

/** Debian's docker-registry, on a free port of loopback, its content in a temporary folder. */
export interface TestRegistry {
  /** `127.0.0.1:PORT`, as it stands in references. */
  readonly host: string
  readonly folder: string
  stop(): Promise<void>
}

export interface TestRegistryOptions {
  readonly tls?: TestCertificate
  readonly htpasswd?: { readonly username: string; readonly password: string }
  /** Bearer tokens: of which issuer, for which service, signed by whom. */
  readonly token?: {
    readonly realm: string
    readonly service: string
    readonly issuer: string
    readonly certificate: string
  }
}

export async function startRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const binary = ['/usr/bin/docker-registry'].find((path) => existsSync(path))
  if (!binary) throw new Error('docker-registry is missing: install the package docker-registry')
  const folder = await mkdtemp(join(tmpdir(), 'ros-registry-'))
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  await writeFile(join(folder, 'config.yml'), await configuration(folder, host, options))
  const log = join(folder, 'log')
  const child = spawn(binary, ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', openSync(log, 'w'), openSync(log, 'a')],
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGKILL')
    await exit
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 150; attempt++) {
    if (child.exitCode !== null) break
    if (await answers(port)) return { host, folder, stop }
    await sleep(100)
  }
  const said = readFileSync(log, 'utf8').slice(-2000)
  await stop()
  throw new Error(`docker-registry does not answer:\n${said}`)
}

async function configuration(folder: string, host: string, options: TestRegistryOptions): Promise<string> {
  const { tls, htpasswd, token } = options
  if (htpasswd) {
    const { username, password } = htpasswd
    const line = execFileSync('htpasswd', ['-nbB', '-C', '4', username, password])
    await writeFile(join(folder, 'htpasswd'), line)
  }
  const auth = [
    ...(htpasswd ? [`  htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} }`] : []),
    ...(token
      ? [
          `  token: { realm: "${token.realm}", service: "${token.service}", issuer: "${token.issuer}", rootcertbundle: ${token.certificate} }`,
        ]
      : []),
  ]
  return [
    'version: 0.1',
    'log: { level: warn, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }`,
    'compatibility: { schema1: { enabled: true } }',
    `http: { addr: "${host}"${tls ? `, tls: { certificate: ${tls.certificate}, key: ${tls.key} }` : ''} }`,
    ...(auth.length > 0 ? ['auth:', ...auth] : []),
    '',
  ].join('\n')
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function answers(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** What `skopeo` prints. It runs beside this process, which may be the server that it talks to. */
export async function skopeo(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('skopeo', args, { timeout: 120_000 })
  return stdout
}
