import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RosError } from '@ros/bytes'
import { openStore, type Store } from '@ros/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, openRepository, ownApt, type Repository } from '../test/repository.ts'
import { withoutHosts } from './host-apt.ts'
import { debTree, fetchDebs, type PackageRecord, readHostIndex, resolvePackages } from './index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ros-debian-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const isPool = (path: string, name: string) => path === `pool/${name}_1.0-1_all.deb`

describe('readHostIndex', () => {
  test('reads the lists of this host', async () => {
    const index = await readHostIndex()
    const [libc] = index.versions('libc6')
    expect(libc).toMatchObject({ architecture: index.architecture, source: { name: 'glibc' } })
    expect(index.providers('awk').map(({ name }) => name)[0]).toBe('mawk')
    expect(index.names().length).toBeGreaterThan(10_000)
  })

  test('without sources or lists, says what to do', async () => {
    const noLists = { code: 'ROS_DEBIAN_LISTS', hint: 'run apt-get update' }
    const aptOptions = ownApt(join(directory, 'none'))
    await expect(readHostIndex({ aptOptions })).rejects.toMatchObject({ ...noLists, got: 'no sources' })
    await expect(
      readHostIndex({ aptOptions: [`Dir::State::Lists=${join(directory, 'none')}`] }),
    ).rejects.toMatchObject(noLists)
    await expect(readHostIndex({ architecture: 'm68k' })).rejects.toMatchObject(noLists)
    await expect(readHostIndex({ origins: ['Elsewhere'] })).rejects.toMatchObject({
      ...noLists,
      limit: expect.stringMatching(/^trusted lists of Elsewhere for /),
    })
  })

  test('without apt, says so', async () => {
    const { PATH } = process.env
    process.env['PATH'] = directory
    try {
      await expect(readHostIndex()).rejects.toMatchObject({ code: 'ROS_DEBIAN_APT', subject: 'apt-config' })
    } finally {
      process.env['PATH'] = PATH
    }
  })

  test('an apt that fails is an error without an address', async () => {
    const aptOptions = [...ownApt(join(directory, 'apt')), 'Dir::Etc::sourceparts=/dev/null/x']
    const failing = readHostIndex({ aptOptions: [...aptOptions, 'Dir::Etc::sourcelist=/etc/passwd'] })
    await expect(failing).rejects.toMatchObject({ code: 'ROS_DEBIAN_APT' })
  })
})

describe('fetchDebs', () => {
  let repository: Repository
  let store: Store
  let records: PackageRecord[]
  beforeEach(async () => {
    repository = await openRepository(directory, { packages: ['aa', 'bb'] })
    store = await openStore(join(directory, 'store'))
    const index = await readHostIndex({ aptOptions: repository.aptOptions })
    records = resolvePackages(index, ['aa', 'bb'])
  })
  afterEach(async () => {
    await repository.close()
    expect(await readdir(join(directory, 'store/temporary'))).toEqual([])
  })
  const fetch = (options: Parameters<typeof fetchDebs>[2] = {}) =>
    fetchDebs(records, store, { aptOptions: repository.aptOptions, ...options })
  /** Fetches while `answer` spoils things, and gives the error, which names no host. */
  const failure = async (
    answer: Answer,
    options: Parameters<typeof fetchDebs>[2] = {},
  ): Promise<RosError> => {
    repository.answer = answer
    const error = await fetch(options).then(
      () => undefined,
      (cause: RosError) => cause,
    )
    if (error === undefined) throw new Error('was fetched all the same')
    expect(`${error.message} ${error.hint}`).not.toMatch(/127\.0\.0\.1|localhost|http:/)
    return error
  }

  test('brings packages into the store, once, and tells how far it is', async () => {
    const seen: number[] = []
    await fetch({
      onProgress({ packages, bytes, bytesDone }) {
        expect([packages, bytes]).toEqual([2, records.reduce((sum, { size }) => sum + size, 0)])
        seen.push(bytesDone)
      },
    })
    expect(seen[0]).toBe(0)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(records.reduce((sum, { size }) => sum + size, 0))
    for (const record of records) {
      await store.verify(record.digest)
      expect((await debTree(store, record)).has(record.name)).toBe(true)
    }
    repository.answer = () => {
      throw new Error('asked again')
    }
    await fetch()
    await fetch({ offline: true })
  })

  test('without the network, names what is not there', async () => {
    const error = await failure(() => false, { offline: true })
    expect(error).toMatchObject({ code: 'ROS_DEBIAN_OFFLINE', got: 'aa 1:1.0-1, bb 1:1.0-1' })
  })

  test.each<[string, string, Answer]>([
    [
      'changed bytes of the right length',
      'ROS_DEBIAN_DIGEST',
      (path, response, content) => {
        if (!isPool(path, 'aa')) return false
        response.end(Buffer.from(content).fill(0x21, 300, 310))
        return true
      },
    ],
    [
      'more bytes than promised',
      'ROS_DEBIAN_DIGEST',
      (path, response, content) => {
        if (!isPool(path, 'aa')) return false
        response.end(Buffer.concat([content, Buffer.alloc(10)]))
        return true
      },
    ],
    [
      'fewer bytes, as if that were all',
      'ROS_DEBIAN_DIGEST',
      (path, response, content) => {
        if (!isPool(path, 'aa')) return false
        response.end(content.subarray(0, 1000))
        return true
      },
    ],
    [
      'a connection that is cut',
      'ROS_DEBIAN_FETCH',
      (path, response, content) => {
        if (!isPool(path, 'aa')) return false
        response.writeHead(200, { 'content-length': content.length })
        response.write(content.subarray(0, 1000), () => response.destroy())
        return true
      },
    ],
    [
      'a file that is gone',
      'ROS_DEBIAN_FETCH',
      (path, response) => {
        if (!isPool(path, 'aa')) return false
        response.writeHead(404).end()
        return true
      },
    ],
    [
      'a server in trouble',
      'ROS_DEBIAN_FETCH',
      (path, response) => {
        if (!isPool(path, 'aa')) return false
        response.writeHead(503).end('try later')
        return true
      },
    ],
  ])('%s is an error; what came whole is kept', async (_, code, answer) => {
    const error = await failure(answer)
    expect(error).toMatchObject({ code, subject: 'aa 1:1.0-1' })
    const [aa, bb] = records as [PackageRecord, PackageRecord]
    expect([await store.has(aa.digest), await store.has(bb.digest)]).toEqual([false, true])
    repository.answer = () => false
    await fetch()
    await store.verify(aa.digest)
  })

  test('a package that is not what its record says is not taken, whatever apt thinks', async () => {
    const [aa, bb] = records as [PackageRecord, PackageRecord]
    records = [{ ...aa, digest: bb.digest }]
    expect(await failure(() => false)).toMatchObject({ code: 'ROS_DEBIAN_DIGEST', subject: 'aa 1:1.0-1' })
    records = [{ ...aa, size: aa.size + 1 }]
    expect(await failure(() => false)).toMatchObject({ code: 'ROS_DEBIAN_DIGEST' })
    expect([await store.has(aa.digest), await store.has(bb.digest)]).toEqual([false, false])
  })

  test('a server that sends nothing more is given up', async () => {
    const error = await failure(
      (path, response, content) => {
        if (!isPool(path, 'aa')) return false
        response.writeHead(200, { 'content-length': content.length })
        response.write(content.subarray(0, 100))
        return true
      },
      { stallMs: 1500 },
    )
    expect(error).toMatchObject({ code: 'ROS_DEBIAN_FETCH', got: 'no progress, given up' })
  })

  test('no server at all', async () => {
    await repository.close()
    expect(await failure(() => false)).toMatchObject({ code: 'ROS_DEBIAN_FETCH' })
  })

  test('a version that the lists do not have any more', async () => {
    const [aa, bb] = records as [PackageRecord, PackageRecord]
    records = [aa, { ...bb, version: '1:0.9-1' }]
    expect(await failure(() => false)).toMatchObject({
      code: 'ROS_DEBIAN_FETCH',
      subject: 'bb 1:0.9-1',
      got: "Version '1:0.9-1' for 'bb' was not found",
    })
  })

  test('can be ended from outside', async () => {
    const controller = new AbortController()
    repository.answer = (path) => {
      if (!isPool(path, 'aa')) return false
      controller.abort()
      return true
    }
    await expect(fetch({ signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('which lists count', () => {
  const withRepository = async (
    options: Parameters<typeof openRepository>[1],
    use: (repository: Repository) => Promise<void>,
  ) => {
    const repository = await openRepository(directory, options)
    try {
      await use(repository)
    } finally {
      await repository.close()
    }
  }

  test('those of other origins only when they are named', async () => {
    await withRepository({ packages: ['aa'], origin: 'Third Party' }, async ({ aptOptions }) => {
      await expect(readHostIndex({ aptOptions })).rejects.toMatchObject({
        code: 'ROS_DEBIAN_LISTS',
        got: 'sources of Third Party amd64',
      })
      const index = await readHostIndex({ aptOptions, origins: ['Third Party'] })
      expect(index.names()).toEqual(['aa'])
    })
  })

  test('those pinned away never', async () => {
    await withRepository({ packages: ['aa'] }, async ({ aptOptions }) => {
      expect((await readHostIndex({ aptOptions })).names()).toEqual(['aa'])
      const pin = 'Package: *\nPin: release o=Debian\nPin-Priority: -1\n'
      await writeFile(join(directory, 'apt/etc/preferences'), pin)
      await expect(readHostIndex({ aptOptions })).rejects.toMatchObject({ code: 'ROS_DEBIAN_LISTS' })
    })
  })

  test('those that apt does not trust never', async () => {
    await withRepository({ packages: ['aa'], trusted: false }, async ({ aptOptions }) => {
      await expect(readHostIndex({ aptOptions })).rejects.toMatchObject({ code: 'ROS_DEBIAN_LISTS' })
    })
  })
})

test.each([
  ["Could not resolve 'mirror.example.org'", 'Could not resolve <mirror>'],
  [
    "Something wicked happened resolving 'mirror:http' (-5)",
    'Something wicked happened resolving <mirror> (-5)',
  ],
  [
    'Could not connect to 127.0.0.1:34567 (127.0.0.1). - connect (111: Connection refused)',
    'Could not connect to <mirror>. - connect (111: Connection refused)',
  ],
  [
    'E: Failed to fetch http://a.example/pool/x_1_all.deb  404  Not Found [IP: 2001:db8::1 80]',
    'E: Failed to fetch <mirror>  404  Not Found',
  ],
  ["E: Version '1:0.9-1' for 'aa' was not found", "E: Version '1:0.9-1' for 'aa' was not found"],
])('apt says %j', (text, expected) => {
  expect(withoutHosts(text)).toBe(expected)
})
