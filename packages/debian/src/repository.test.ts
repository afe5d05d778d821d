import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openHttp, openStore, readKeyring, type Store } from '@ros/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  expiring,
  SignedRepository,
  type SigningKey,
  sha256,
  signed,
  signingKey,
} from '../test/signed-repository.ts'
import { fetchDebs } from './fetch.ts'
import type { Repository } from './repository.ts'
import { readRepositoryIndex } from './repository-index.ts'
import { resolvePackages } from './resolve.ts'

const now = new Date('2026-06-01T12:00:00Z')
const day = (days: number) => new Date(now.getTime() + days * 86_400_000)
const key = await signingKey(day(-1000))
const stranger = await signingKey(day(-1000))

let folder: string
let store: Store
let server: SignedRepository
let mirror: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-mirror-'))
  store = await openStore(folder)
  server = new SignedRepository()
  mirror = await server.open()
  await server.publish(key, packages(), { date: day(-1) })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const packages = () => `${server.addPackage('app', 'lib')}\n${server.addPackage('lib')}`
const http = openHttp({ backoffMs: 1, retries: 1, timeoutMs: 1000 })
const repository = async (
  more: Partial<Repository> = {},
  trusted: SigningKey = key,
): Promise<Repository> => ({
  mirrors: [mirror],
  suites: [{ suite: 'stable', path: 'debian', components: ['main'] }],
  keyring: await readKeyring(trusted.public, 'test keyring'),
  http,
  now,
  ...more,
})
const read = async (more: Partial<Repository> = {}, trusted: SigningKey = key) =>
  readRepositoryIndex(await repository(more, trusted), store, { architecture: 'amd64' })
const refused = async (
  code: string,
  text: RegExp,
  more: Partial<Repository> = {},
  trusted: SigningKey = key,
) => {
  const error = (await read(more, trusted).catch((thrown: unknown) => thrown)) as Error & { code?: string }
  expect(error.message).toMatch(text)
  expect(error.code).toBe(code)
}

describe('a signed repository', () => {
  test('is read, and its packages are fetched and proven', async () => {
    const records = resolvePackages(await read(), ['app'])
    expect(records.map(({ name, filename }) => [name, filename])).toEqual([
      ['app', 'pool/app_1_amd64.deb'],
      ['lib', 'pool/lib_1_amd64.deb'],
    ])
    const progress: number[] = []
    await fetchDebs(records, store, {
      mirrors: await repository(),
      onProgress: ({ bytesDone }) => progress.push(bytesDone),
    })
    for (const { digest } of records) await store.verify(digest)
    expect(progress.at(-1)).toBe(records.reduce((sum, { size }) => sum + size, 0))
  })

  test('by its codename, or through several mirrors of which some are down', async () => {
    server.files.set(
      'debian/dists/cosmic/InRelease',
      server.files.get('debian/dists/stable/InRelease') as Buffer,
    )
    server.files.set(
      'debian/dists/cosmic/main/binary-amd64/Packages.gz',
      server.files.get('debian/dists/stable/main/binary-amd64/Packages.gz') as Buffer,
    )
    const suites = [{ suite: 'cosmic', path: 'debian/', components: ['main'] }]
    const mirrors = ['http://127.0.0.1:1', `${mirror}/nothing/`, `${mirror}/`]
    expect((await read({ suites, mirrors })).names()).toEqual(['app', 'lib'])
  })

  test('through a rule for addresses', async () => {
    const rewrites = [{ from: 'https://mirror.example/', to: [`${mirror}/`] }]
    expect((await read({ mirrors: ['https://mirror.example'], rewrites })).names()).toEqual(['app', 'lib'])
  })

  test('with lists by their digest, for a mirror that is being changed', async () => {
    const list = server.files.get('debian/dists/stable/main/binary-amd64/Packages.gz') as Buffer
    await server.publish(key, packages(), { date: day(-1), more: 'Acquire-By-Hash: yes' })
    server.files.set(`debian/dists/stable/main/binary-amd64/by-hash/SHA256/${sha256(list)}`, list)
    server.files.set('debian/dists/stable/main/binary-amd64/Packages.gz', Buffer.from('newer'))
    expect((await read()).names()).toEqual(['app', 'lib'])
  })

  test('of backports: a package of it is taken only where nothing else has it', async () => {
    await server.publish(key, packages(), {
      date: day(-1),
      more: 'NotAutomatic: yes\nButAutomaticUpgrades: yes',
    })
    expect((await read()).versions('app')).toHaveLength(1)
  })
})

describe('refused', () => {
  const unsigned = () => server.files.get('debian/dists/stable/InRelease') as Buffer
  const setInRelease = (content: Uint8Array) =>
    server.files.set('debian/dists/stable/InRelease', Buffer.from(content))

  test('a signature of a key that the keyring lacks', () =>
    refused('ROS_OPENPGP_SIGNATURE', /stable: InRelease: not signed by a key that is trusted/, {}, stranger))

  test('one changed letter', async () => {
    setInRelease(Buffer.from(unsigned().toString().replace('Origin: Test', 'Origin: Tess')))
    await refused('ROS_OPENPGP_SIGNATURE', /not signed/)
  })

  test('no signature at all', async () => {
    setInRelease(Buffer.from('Suite: stable\n'))
    await refused('ROS_OPENPGP_SIGNATURE', /not signed/)
  })

  test('what stands before and behind the signed part is not read', async () => {
    const forged = 'Suite: stable\nDate: Mon, 01 Jan 2024 00:00:00 UTC\n\n'
    setInRelease(Buffer.concat([Buffer.from(forged), unsigned(), Buffer.from('\nSHA256:\n x\n')]))
    const outcome = await read().then(
      (index) => index.names().join(),
      (error: { code: string }) => error.code,
    )
    expect(['app,lib', 'ROS_OPENPGP_SIGNATURE']).toContain(outcome)
  })

  test('an expired signature', async () => {
    const text = 'Suite: stable\nDate: Sun, 31 May 2026 12:00:00 UTC\n'
    setInRelease(await expiring(text, key, day(-3), 30 * 86_400))
    await refused('ROS_DEBIAN_RELEASE', /names no list/)
    setInRelease(await expiring(text, key, day(-3), 86_400))
    await refused('ROS_OPENPGP_SIGNATURE', /expired/i)
  })

  test('an expired key', async () => {
    const old = await signingKey(day(-100), 30 * 86_400)
    await server.publish(old, packages(), { date: day(-90) })
    await refused('ROS_OPENPGP_SIGNATURE', /expired/i, {}, old)
  })

  test('beyond Valid-Until', async () => {
    await server.publish(key, packages(), { date: day(-10), validUntil: day(-1) })
    await refused('ROS_DEBIAN_RELEASE', /has expired/)
  })

  test('from the future', async () => {
    await server.publish(key, packages(), { date: day(2) })
    await refused('ROS_OPENPGP_SIGNATURE', /not signed/)
    setInRelease(await signed('Suite: stable\nDate: Wed, 03 Jun 2026 12:00:00 UTC\n', key, day(-1)))
    await refused('ROS_DEBIAN_RELEASE', /future/)
  })

  test('another suite under this name', async () => {
    await server.publish(key, packages(), { date: day(-1), suite: 'testing', codename: 'next' })
    await refused('ROS_DEBIAN_RELEASE', /is of another suite, got suite testing, codename next/)
  })

  test('an old state played again, also through another mirror; the same and newer ones are taken', async () => {
    const old = unsigned()
    await server.publish(key, packages(), { date: day(0) })
    await read()
    await read()
    setInRelease(old)
    await refused('ROS_DEBIAN_RELEASE', /older than one that was seen before/)
    const other = new SignedRepository()
    for (const [path, content] of server.files) other.files.set(path, content)
    try {
      await refused('ROS_DEBIAN_RELEASE', /older/, { mirrors: [await other.open()] })
    } finally {
      await other.close()
    }
    expect(readdirSync(join(folder, 'releases'))).toHaveLength(1)
  })

  test('a list that is not the one that was signed', async () => {
    server.files.set('debian/dists/stable/main/binary-amd64/Packages.gz', gzipSync('Package: evil\n'))
    const error = (await read().catch((thrown: unknown) => thrown)) as { code: string }
    expect(error.code).toMatch(/^ROS_(BYTES_DIGEST|HTTP_CUT|HTTP_SIZE)$/)
  })

  test('a list that unpacks to something other than what was signed', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    const list = 'main/binary-amd64/Packages'
    server.files.set(`debian/dists/stable/${list}.gz`, bomb)
    const text = [
      'Suite: stable',
      'Date: Sun, 31 May 2026 12:00:00 UTC',
      'SHA256:',
      ` ${'0'.repeat(64)} 10 ${list}`,
      ` ${sha256(bomb)} ${bomb.length} ${list}.gz`,
      '',
    ].join('\n')
    setInRelease(await signed(text, key, day(-1)))
    const error = (await read().catch((thrown: unknown) => thrown)) as { code: string }
    expect(['ROS_BYTES_DIGEST', 'ROS_DEBIAN_SYNTAX']).toContain(error.code)
  })

  test.each([
    ['a path that leads out', ` ${'0'.repeat(64)} 10 ../../etc/passwd`, 'ROS_DEBIAN_RELEASE'],
    ['an absolute path', ` ${'0'.repeat(64)} 10 /etc/passwd`, 'ROS_DEBIAN_RELEASE'],
    ['a short digest', ' 00 10 main/x', 'ROS_DEBIAN_RELEASE'],
    [
      'no list for the architecture',
      ` ${'0'.repeat(64)} 10 main/binary-arm64/Packages`,
      'ROS_DEBIAN_RELEASE',
    ],
  ])('a Release file with %s', async (_, line, code) => {
    setInRelease(
      await signed(`Suite: stable\nDate: Sun, 31 May 2026 12:00:00 UTC\nSHA256:\n${line}\n`, key, day(-1)),
    )
    await refused(code, /InRelease/)
  })

  test.each(['yesterday', '2026-05-31', 'Sun, 31 May 2026 12:00:00 +0200', ''])(
    'the date %j',
    async (date) => {
      setInRelease(await signed(`Suite: stable\nDate: ${date}\n`, key, day(-1)))
      await refused('ROS_DEBIAN_RELEASE', /Date/)
    },
  )

  test('an endless InRelease', async () => {
    server.answer = (_path, _request, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', more)
      }
      more()
      return true
    }
    await refused('ROS_HTTP_SIZE', /longer than it may be/)
  })

  test('a package that is not what the list promised: nothing of it is kept', async () => {
    const records = resolvePackages(await read(), ['app'])
    const [app] = records
    server.files.set('debian/pool/app_1_amd64.deb', Buffer.alloc(app?.size ?? 0, 'x'))
    const error: unknown = await fetchDebs(records, store, { mirrors: await repository() }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'ROS_BYTES_DIGEST', subject: 'app 1' })
    expect(await store.has(app?.digest ?? 'sha256:')).toBe(false)
  })
})
