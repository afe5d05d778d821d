import { execFileSync } from 'node:child_process'
import { createReadStream, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { collect, fromBytes } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { busyboxTree } from '../test/busybox.ts'
import { startDockerd, type TestDaemon } from '../test/dockerd.ts'
import { capability, sampleTree } from '../test/sample.ts'
import {
  composeImage,
  type Image,
  imageId,
  lintDockerSave,
  loadIntoDaemon,
  readDockerSave,
  saveFromDaemon,
  treeLayer,
  writeDockerSave,
  writeTreeTar,
} from './index.ts'

const created = 1_700_000_000
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-images-tar-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a tool; one that is missing fails the test with a word on how to get it. */
function run(tool: string, args: readonly string[], debianPackage: string): string {
  try {
    return execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`${tool} is missing: install the package ${debianPackage}`, { cause: error })
  }
}

async function images(): Promise<[Image, Image, Image]> {
  const base = composeImage({
    repoTags: ['rancher/os-base:v1'],
    layers: [await treeLayer(busyboxTree())],
    created,
  })
  const hello = await treeLayer(
    new Tree()
      .add('hello', file(fromBytes(Buffer.from('hello from a layer\n'))))
      .merge(sampleTree(), 'sample'),
  )
  const cat = composeImage({
    repoTags: ['rancher/os-cat:v1', 'cat:latest'],
    layers: [hello],
    base,
    created,
    config: { Cmd: ['/bin/cat', '/hello'] },
  })
  const echo = composeImage({
    repoTags: ['rancher/os-echo:v1'],
    layers: [],
    base,
    created,
    config: {
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['echo $GREETING from $(id -un)'],
      Env: ['GREETING=hello', 'PATH=/bin'],
      User: '1100',
      Labels: { a: 'b' },
    },
  })
  return [base, cat, echo]
}

describe('a layer, by other readers', () => {
  test('GNU tar and bsdtar list what the tree has', async () => {
    const path = join(folder, 'layer.tar')
    await replaceFile(path, writeTreeTar(sampleTree()))
    const names = [...sampleTree()].map((entry) => entry.path + (entry.node.type === 'directory' ? '/' : ''))
    const tar = run('tar', ['--utc', '--quoting-style=literal', '-tvf', path], 'tar')
    for (const lines of [
      run('tar', ['--quoting-style=literal', '-tf', path], 'tar'),
      run('bsdtar', ['-tf', path], 'libarchive-tools'),
    ]) {
      expect(lines.trimEnd().split('\n')).toEqual(names)
    }
    expect(tar).toMatch(/^hrwxr-xr-x 0\/0 .* bin\/hello link to bin\/hallo$/m)
    expect(tar).toMatch(/^crw-rw-rw- 0\/0\s+1,3 1970-01-01 00:00 dev\/null$/m)
    expect(tar).toMatch(/^brw------- 0\/6\s+8,0 .* dev\/sda$/m)
    expect(tar).toMatch(/^prw------- .* dev\/initctl$/m)
    expect(tar).toMatch(/^---------- 300000\/4294967295 +1 .* shadow$/m)
    expect(tar).toMatch(/^-rw-r--r-- 0\/0 +5 2106-02-07 06:28 Főtanúsítvány.crt$/m)
    expect(tar).toMatch(/^l.* 1969-12-31 23:59 long-n{200} -> t{150}$/m)
  })

  test('GNU tar restores a capability byte for byte', async () => {
    const path = join(folder, 'capability.tar')
    await replaceFile(path, writeTreeTar(sampleTree().filter(({ path }) => path === 'ping')))
    run('tar', ['--xattrs', '--xattrs-include=*', '-xf', path, '-C', folder], 'tar')
    run('tar', ['--xattrs', '--xattrs-include=*', '-cf', `${path}.again`, '-C', folder, 'ping'], 'tar')
    const record = Buffer.concat([
      Buffer.from('SCHILY.xattr.security.capability='),
      capability,
      Buffer.from('\n'),
    ])
    expect(readFileSync(`${path}.again`).includes(record)).toBe(true)
  })
})

describe('skopeo', () => {
  test('inspects our archive, copies it to an OCI layout and back, and we read what it wrote', async () => {
    const path = join(folder, 'ours.tar')
    const [base, cat, echo] = await images()
    await replaceFile(path, writeDockerSave([base, cat, echo]))
    const inspected = JSON.parse(
      run('skopeo', ['inspect', `docker-archive:${path}:rancher/os-cat:v1`], 'skopeo'),
    ) as Record<string, unknown>
    expect(inspected).toMatchObject({
      Architecture: 'amd64',
      Os: 'linux',
      Created: '2023-11-14T22:13:20Z',
      Layers: cat.layers.map(({ diffId }) => diffId),
    })
    for (const image of [cat, echo]) {
      const name = image.repoTags[0] ?? ''
      const layout = `oci:${join(folder, 'layout')}:x`
      const back = join(folder, `back-${image.layers.length}.tar`)
      run('skopeo', ['copy', '-q', `docker-archive:${path}:${name}`, layout], 'skopeo')
      run('skopeo', ['copy', '-q', layout, `docker-archive:${back}:${name}`], 'skopeo')
      const [read] = await readDockerSave(fileSource(back))
      expect(read?.repoTags).toEqual([name])
      expect(read?.layers.map(({ diffId }) => diffId)).toEqual(image.layers.map(({ diffId }) => diffId))
      for (const layer of read?.layers ?? []) await collect(layer.open(), 50_000_000)
      const config = run('skopeo', ['inspect', '--config', `docker-archive:${path}:${name}`], 'skopeo')
      expect(JSON.parse(config)).toMatchObject({ config: image.config.config, rootfs: image.config.rootfs })
    }
  })
})

describe('a real Docker daemon', () => {
  let daemon: TestDaemon
  beforeAll(async () => {
    daemon = await startDockerd()
  })
  afterAll(() => daemon?.stop())

  test('loads our images under our ids, runs them, and saves what we read back', async () => {
    const { docker } = daemon
    const made = await images()
    await loadIntoDaemon(docker, made)
    for (const image of made) {
      for (const name of image.repoTags) {
        const inspected = await docker.getImage(name).inspect()
        expect(inspected.Id).toBe(imageId(image))
        expect(inspected.RootFS.Layers).toEqual(image.config.rootfs.diff_ids)
      }
    }
    expect(await output('rancher/os-cat:v1')).toBe('hello from a layer\n')
    expect(await output('rancher/os-echo:v1')).toBe('hello from rancher\n')

    const saved = join(folder, 'saved.tar')
    await replaceFile(
      saved,
      saveFromDaemon(
        docker,
        made.flatMap(({ repoTags }) => repoTags),
      ),
    )
    for await (const finding of lintDockerSave(fileSource(saved))) expect(finding).toBeUndefined()
    const read = await readDockerSave(fileSource(saved))
    expect(read.map(imageId).sort()).toEqual(made.map(imageId).sort())
    for (const image of read) {
      const original = made.find((one) => imageId(one) === imageId(image))
      expect([...image.repoTags].sort()).toEqual([...(original?.repoTags ?? [])].sort())
      for (const layer of image.layers) await collect(layer.open(), 50_000_000)
    }
    // What docker saved is rewritten by us to what we would have written at first.
    const order = made.map((one) => ({
      ...one,
      layers: read.find((other) => imageId(other) === imageId(one))?.layers ?? [],
    }))
    expect(await collect(writeDockerSave(order), 50_000_000)).toEqual(
      await collect(writeDockerSave(made), 50_000_000),
    )
  })

  test('loads an archive by its legacy files, as docker before 1.10 did', async () => {
    const { docker } = daemon
    const made = await images()
    const path = join(folder, 'legacy.tar')
    await replaceFile(path, writeDockerSave(made))
    run('bsdtar', ['-cf', `${path}.legacy`, '--exclude', 'manifest.json', `@${path}`], 'libarchive-tools')
    for (const name of made.flatMap(({ repoTags }) => repoTags))
      await docker
        .getImage(name)
        .remove({ force: true })
        .catch(() => {})
    const answer = await docker.loadImage(createReadStream(`${path}.legacy`), { quiet: true })
    expect(await text(answer)).not.toContain('error')
    expect(await output('rancher/os-cat:v1')).toBe('hello from a layer\n')
  })

  test('says what the daemon says', async () => {
    // A layer that the daemon has not seen: it does not read those that it has.
    const layer = await treeLayer(sampleTree())
    const base = composeImage({ repoTags: ['broken:v1'], layers: [layer], created })
    const broken = { ...layer, open: () => fromBytes(new Uint8Array(layer.size).fill(7)).open() }
    await expect(loadIntoDaemon(daemon.docker, [{ ...base, layers: [broken] }])).rejects.toMatchObject({
      code: 'ROS_IMAGES_TAR_DAEMON',
    })
    await expect(collect(saveFromDaemon(daemon.docker, ['no/such:image']), 1000)).rejects.toMatchObject({
      code: 'ROS_IMAGES_TAR_DAEMON',
    })
  })

  async function output(image: string): Promise<string> {
    const stdout = new PassThrough()
    const printed = text(stdout)
    const [result, container] = (await daemon.docker.run(image, [], stdout, {
      HostConfig: { NetworkMode: 'none' },
    })) as [{ StatusCode: number }, { remove(): Promise<void> }]
    stdout.end()
    await container.remove()
    expect(result.StatusCode).toBe(0)
    return (await printed).replaceAll('\r\n', '\n')
  }
})
