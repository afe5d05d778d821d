import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool, toolText } from './tools.ts'

/** Answers a request itself and gives true, or gives false: then the file is sent. */
export type Answer = (path: string, response: ServerResponse, content: Buffer) => boolean

/** A Debian repository on loopback, and an apt of its own that knows nothing else. */
export interface Repository {
  readonly port: number
  /** `-o` options that make apt use this repository and directories of its own. */
  readonly aptOptions: readonly string[]
  answer: Answer
  close(): Promise<void>
}

export interface RepositoryOptions {
  readonly packages: readonly string[]
  readonly origin?: string
  /** Whether apt is told to trust it without a signature; default true. */
  readonly trusted?: boolean
}

/** Builds small packages of 20 kB with dpkg-deb, serves them over HTTP, and lets an apt of their own read the lists. */
export async function openRepository(directory: string, options: RepositoryOptions): Promise<Repository> {
  const root = join(directory, 'repository')
  const lists = join(root, 'dists/stable/main/binary-amd64')
  mkdirSync(lists, { recursive: true })
  const stanzas = options.packages.map((name) => buildPackage(directory, root, name))
  writeFileSync(join(lists, 'Packages'), stanzas.join('\n'))
  writeFileSync(join(root, 'dists/stable/Release'), releaseFile(lists, options))

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    let content: Buffer
    try {
      content = readFileSync(join(root, path))
    } catch {
      response.writeHead(404).end()
      return
    }
    if (!repository.answer(path, response, content)) response.end(content)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const repository: Repository = {
    port,
    aptOptions: ownApt(join(directory, 'apt'), port, options.trusted),
    answer: () => false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  // Not waited for synchronously: the server runs in this process.
  const update = repository.aptOptions.flatMap((option) => ['-o', option])
  await promisify(execFile)('apt-get', [...update, 'update'], { timeout: 60_000 })
  return repository
}

/** Options for an apt that has only its own directories, and the sources in them. */
export function ownApt(directory: string, port?: number, trusted = true): string[] {
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'etc/parts']) {
    mkdirSync(join(directory, name), { recursive: true })
  }
  const sources = join(directory, 'etc/sources.list')
  const line = `deb [${trusted ? 'trusted=yes ' : ''}arch=amd64] http://127.0.0.1:${port} stable main\n`
  writeFileSync(sources, port === undefined ? '' : line)
  writeFileSync(join(directory, 'status'), '')
  return [
    `Dir::State=${join(directory, 'state')}`,
    `Dir::State::status=${join(directory, 'status')}`,
    `Dir::Cache=${join(directory, 'cache')}`,
    `Dir::Etc=${join(directory, 'etc')}`,
    `Dir::Etc::sourcelist=${sources}`,
    `Dir::Etc::sourceparts=${join(directory, 'etc/parts')}`,
    'APT::Architecture=amd64',
    'APT::Sandbox::User=',
    'Acquire::http::Proxy::127.0.0.1=DIRECT',
    'Acquire::Retries=0',
    'Acquire::AllowInsecureRepositories=true',
    'Acquire::Languages=none',
  ]
}

function buildPackage(directory: string, root: string, name: string): string {
  const tree = join(directory, `package-${name}`)
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  const control = `Package: ${name}\nVersion: 1:1.0-1\nArchitecture: all\nMaintainer: m <m@m>\nDescription: d\n`
  writeFileSync(join(tree, 'DEBIAN/control'), control)
  writeFileSync(join(tree, name), Buffer.alloc(20_000, name))
  const built = join(directory, `${name}.deb`)
  tool('dpkg-deb', ['-Znone', '--root-owner-group', '--build', tree, built])
  const filename = `pool/${name}_1.0-1_all.deb`
  mkdirSync(join(root, 'pool'), { recursive: true })
  renameSync(built, join(root, filename))
  const bytes = readFileSync(join(root, filename))
  return `${toolText('dpkg-deb', ['-f', join(root, filename)])}${[
    `Filename: ${filename}`,
    `Size: ${bytes.length}`,
    `SHA256: ${createHash('sha256').update(bytes).digest('hex')}`,
  ].join('\n')}\n`
}

function releaseFile(lists: string, options: RepositoryOptions): string {
  const bytes = readFileSync(join(lists, 'Packages'))
  const digest = createHash('sha256').update(bytes).digest('hex')
  return [
    `Origin: ${options.origin ?? 'Debian'}`,
    'Suite: stable',
    'Codename: stable',
    'Architectures: amd64',
    'Components: main',
    'Date: Thu, 01 Jan 2026 00:00:00 UTC',
    'SHA256:',
    ` ${digest} ${bytes.length} main/binary-amd64/Packages`,
    '',
  ].join('\n')
}
