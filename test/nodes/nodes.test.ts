// The same bytes whoever writes them: three releases of Node, other time zones, locales, umasks, users, directory orders.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from '../../bench/compile.ts'

const NOBODY = 65_534
const asRoot = process.getuid?.() === 0

interface Surroundings {
  readonly name: string
  readonly order: 'forwards' | 'backwards' | 'mixed'
  readonly umask: string
  readonly nobody?: boolean
  readonly env: Readonly<Record<string, string>>
}

const surroundings: readonly Surroundings[] = [
  { name: 'plain', order: 'forwards', umask: '022', env: { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' } },
  {
    name: 'Turkish, a day ahead, another user',
    order: 'backwards',
    umask: '077',
    nobody: true,
    env: {
      TZ: 'Pacific/Kiritimati',
      LANG: 'tr_TR.UTF-8',
      LC_ALL: 'tr_TR.UTF-8',
      HOME: '/nonexistent',
      USER: 'nobody',
    },
  },
  {
    name: 'Japanese, half an hour off, one thread',
    order: 'mixed',
    umask: '000',
    env: { TZ: 'America/St_Johns', LANG: 'ja_JP.UTF-8', UV_THREADPOOL_SIZE: '1', SOURCE_DATE_EPOCH: '12345' },
  },
]

const here = createRequire(import.meta.url)
/** Where the Node that a package brings is. */
const binaryOf = (name: string) => join(dirname(here.resolve(`${name}/package.json`)), 'bin/node')
const nodes = { 22: binaryOf('node-22'), 24: process.execPath, 26: binaryOf('node-26') }

let folder: string
let script: string

/** Everything a child needs goes where any user may read it: a checkout may lie in someone's own folder. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-nodes-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'code'))
  script = await compile(new URL('./write-all.ts', import.meta.url), join(folder, 'code'))
  copyLzma(join(folder, 'code/node_modules'))
  for (const [major, binary] of Object.entries(nodes)) copyFileSync(binary, join(folder, `node-${major}`))
  makeSample(join(folder, 'sample'))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The native library, which is not compiled in, with the binary of this platform. */
function copyLzma(target: string): void {
  const compress = createRequire(new URL('../../packages/compress/package.json', import.meta.url))
  const library = dirname(compress.resolve('@napi-rs/lzma'))
  cpSync(library, join(target, '@napi-rs/lzma'), { recursive: true, dereference: true })
  const platform = `@napi-rs/lzma-linux-${process.arch}-gnu`
  const binary = dirname(createRequire(join(library, 'main.js')).resolve(`${platform}/package.json`))
  cpSync(binary, join(target, platform), { recursive: true, dereference: true })
}

/** Files whose names sort differently by locale, with content that compressors have choices in. */
function makeSample(path: string): void {
  mkdirSync(join(path, 'usr/share/i'), { recursive: true })
  const names = [
    'a',
    'B',
    'Z',
    'z',
    'I',
    'i',
    'ı',
    'İ',
    'ä',
    'Ä',
    'ö',
    'ø',
    'ch',
    'cz',
    'あ',
    'ア',
    'a-b',
    'a b',
    'a.b',
    '💩',
  ]
  for (const [i, name] of names.entries()) {
    const content = `${name} `.repeat(i * 97) + 'x'.repeat(i * 1000)
    for (const at of [name, `usr/share/${name}.txt`]) {
      writeFileSync(join(path, at), content)
      utimesSync(join(path, at), 1_600_000_000 + i, 1_600_000_000 + i)
    }
  }
  const large = Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * i * 31 + Math.floor(i / 777)) % 251)
  writeFileSync(join(path, 'usr/large'), large)
  symlinkSync('usr/large', join(path, 'link'))
  for (const at of ['usr/large', 'usr/share/i', 'usr/share', 'usr'])
    utimesSync(join(path, at), 1_650_000_000, 1_650_000_000)
}

interface Written {
  readonly version: string
  readonly umask: number
  readonly uid: number
  readonly digests: Readonly<Record<string, string>>
}

function writeAll(major: string, { name, order, umask, nobody, env }: Surroundings): Promise<Written> {
  const output = join(folder, `output ${major} ${name}`)
  mkdirSync(output)
  chmodSync(output, 0o777)
  const other = nobody && asRoot
  const command = `umask ${umask}; exec "$0" "$@"`
  const args = ['-c', command, join(folder, `node-${major}`), script, join(folder, 'sample'), output, order]
  return new Promise((resolve, reject) => {
    const child = spawn('sh', args, {
      env: { PATH: '/usr/bin:/bin', ...env },
      cwd: output,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(other && { uid: NOBODY, gid: NOBODY }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      rmSync(output, { recursive: true, force: true })
      if (code === 0) resolve(JSON.parse(stdout) as Written)
      else reject(new Error(`node ${major}, ${name}: exit ${code}\n${stderr}`))
    })
  })
}

test('every Node, in all surroundings, writes the same bytes', async () => {
  const written: { of: string; surrounding: Surroundings; result: Written }[] = []
  const queue = Object.keys(nodes).flatMap((major) =>
    surroundings.map((surrounding) => ({ major, surrounding })),
  )
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { major, surrounding } = next
      const result = await writeAll(major, surrounding)
      written.push({ of: `${major}, ${surrounding.name}`, surrounding, result })
      // It really ran where it should.
      expect(result.version).toMatch(new RegExp(`^v${major}\\.`))
      expect(result.umask).toBe(Number.parseInt(surrounding.umask, 8))
      if (surrounding.nobody && asRoot) expect(result.uid).toBe(NOBODY)
    }
  }
  await Promise.all([work(), work()])
  expect(written).toHaveLength(9)
  const first = written[0]?.result.digests ?? {}
  expect(Object.keys(first)).toHaveLength(10)
  for (const { of, result } of written) expect(result.digests, of).toEqual(first)
}, 300_000)
