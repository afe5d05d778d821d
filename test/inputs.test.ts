// Where inputs come from changes nothing: apt or a mirror over HTTP, a network or an exported cache, whoever builds wherever.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, inject, test } from 'vitest'
import { sha256, signed, signingKey } from '../packages/debian/test/signed-repository.ts'
import { inFolder, kit, runKit, runProgram } from './kit.ts'

interface Lock {
  readonly packages: readonly {
    readonly name: string
    readonly version: string
    readonly architecture: string
    readonly filename: string
    readonly digest: string
  }[]
}

test('an exported cache builds the same bytes, offline, for another user elsewhere', () =>
  inFolder(async (folder) => {
    const [here, there] = [join(folder, 'here'), join(folder, 'somewhere else')]
    for (const path of [here, there]) mkdirSync(path)
    const locked = await runKit(['lock'], { cwd: here })
    expect(locked.code, locked.stderr).toBe(0)
    const exported = await runKit(['cache', 'export', 'build.tar'], { cwd: here })
    expect(exported.code, exported.stderr).toBe(0)

    const env = {
      ROS_KIT_CACHE: join(there, 'cache'),
      HOME: there,
      USER: 'nobody',
      TZ: 'Pacific/Chatham',
      LANG: 'tr_TR.UTF-8',
      LC_ALL: 'tr_TR.UTF-8',
      // Nothing may ask for either.
      http_proxy: 'http://127.0.0.1:1',
      https_proxy: 'http://127.0.0.1:1',
      KIT: kit,
    }
    const imported = await runKit(['cache', 'import', join(here, 'build.tar')], { cwd: there, env })
    expect(imported.code, imported.stderr).toBe(0)
    expect(imported.stdout).toContain('rancheros.lock.json')
    // Every step runs anew there: nothing that was computed came along.
    const script = 'umask 077; exec "$KIT" build --locked --offline --out "$PWD/a b"'
    const built = await runProgram('sh', ['-c', script], { cwd: there, env })
    expect(built.code, built.stderr).toBe(0)
    expect(built.stderr).toContain('segment engine')
    expect(readFileSync(join(there, 'a b/SHA256SUMS'), 'utf8')).toBe(
      readFileSync(join(inject('artifacts'), 'SHA256SUMS'), 'utf8'),
    )
    const verified = await runKit(['cache', 'verify'], { cwd: there, env })
    expect(verified.stdout).toBe('every entry is whole\n')
  }))

test('a mirror over HTTP gives the lock that apt gives, and the same packages', () =>
  inFolder(async (folder) => {
    const apt = join(folder, 'apt')
    mkdirSync(apt)
    await runKit(['lock'], { cwd: apt })
    await runKit(['cache', 'export', 'build.tar'], { cwd: apt })
    const lockText = readFileSync(join(apt, 'rancheros.lock.json'), 'utf8')
    const { packages } = JSON.parse(lockText) as Lock

    const key = await signingKey(new Date(Date.now() - 86_400_000))
    writeFileSync(join(folder, 'keys.gpg'), key.public)
    const files = await archiveOf(packages, key)
    const store = join(inject('cache'), 'sha256')
    const pool = new Map(packages.map(({ filename, digest }) => [filename, digest.slice(7)]))
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '').replace(/^\/debian(-security)?\//, '')
      const hex = pool.get(path)
      const content = hex ? readFileSync(join(store, hex.slice(0, 2), hex)) : files.get(path)
      if (content) response.end(content)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    try {
      const http = join(folder, 'http')
      mkdirSync(http)
      const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      // A cache of its own: everything comes through the mirror.
      const env = { ROS_KIT_CACHE: join(http, 'cache'), ROS_KIT_KEYRING: join(folder, 'keys.gpg') }
      const locked = await runKit(['lock', '--mirror', mirror], { cwd: http, env })
      expect(locked.code, locked.stderr).toBe(0)
      expect(readFileSync(join(http, 'rancheros.lock.json'), 'utf8')).toBe(lockText)
      const exported = await runKit(['cache', 'export', 'build.tar', '--mirror', mirror], { cwd: http, env })
      expect(exported.code, exported.stderr).toBe(0)
      const same = await runProgram('cmp', [join(apt, 'build.tar'), join(http, 'build.tar')])
      expect(same.code, same.stdout).toBe(0)
      // Whoever is not trusted is not believed, whatever is there already.
      const others = { ...env, ROS_KIT_KEYRING: '/usr/share/keyrings/debian-archive-keyring.gpg' }
      const refused = await runKit(['lock', '--mirror', mirror], { cwd: http, env: others })
      expect(refused.stderr).toContain('code: ROS_OPENPGP_SIGNATURE')
      expect(refused.code).toBe(1)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }))

/** Lists of exactly these packages, as the host's apt knows them, under each suite of the recipe. */
async function archiveOf(
  packages: Lock['packages'],
  key: Awaited<ReturnType<typeof signingKey>>,
): Promise<Map<string, Buffer>> {
  const names = packages.map(({ name, version, architecture }) =>
    architecture === 'all' ? `${name}=${version}` : `${name}:${architecture}=${version}`,
  )
  const { stdout } = await runProgram('apt-cache', ['show', ...names], { env: { LC_ALL: 'C' } })
  const wanted = new Set(packages.map(({ digest }) => digest.slice(7)))
  const stanzas = stdout.split('\n\n').filter((stanza) => {
    const hex = /^SHA256: ([0-9a-f]{64})$/m.exec(stanza)?.[1]
    return hex !== undefined && wanted.delete(hex)
  })
  expect(wanted).toEqual(new Set())
  const files = new Map<string, Buffer>()
  for (const suite of ['bookworm', 'bookworm-updates', 'bookworm-security']) {
    const plain = Buffer.from(suite === 'bookworm' ? `${stanzas.join('\n\n')}\n` : '')
    const packed = gzipSync(plain)
    const list = 'main/binary-amd64/Packages'
    const date = new Date(Date.now() - 3_600_000)
    const release = [
      'Origin: Debian',
      `Suite: ${suite}`,
      `Date: ${date.toUTCString().replace('GMT', 'UTC')}`,
      'SHA256:',
      ` ${sha256(plain)} ${plain.length} ${list}`,
      ` ${sha256(packed)} ${packed.length} ${list}.gz`,
      '',
    ]
    files.set(`dists/${suite}/InRelease`, await signed(release.join('\n'), key, date))
    files.set(`dists/${suite}/${list}.gz`, packed)
  }
  return files
}
