import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { skopeo, startRegistry, type TestRegistry } from '../packages/images-tar/test/registry-server.ts'
import { inFolder, runKit, runProgram } from './kit.ts'

const artifacts = inject('artifacts')
let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(async () => registry?.stop())

interface Published {
  readonly digest: string
  readonly files: readonly string[]
}

test('what was built is published, and pulled back as it was', async () => {
  await inFolder(async (folder) => {
    const env = { ROS_KIT_CACHE: join(folder, 'cache') }
    const name = `${registry.host}/team/rancheros:v1`
    const published = await runKit(['publish', name, '--out', artifacts, '--json'], { cwd: folder, env })
    expect(published.stderr).not.toMatch(/error/)
    expect(published.code).toBe(0)
    const { digest, files } = JSON.parse(published.stdout) as Published
    expect(files).toEqual(expect.arrayContaining(['vmlinuz', 'initrd', 'rancheros.iso', 'SHA256SUMS']))
    // Equal files give an equal artifact, of which nothing is sent again.
    const again = await runKit(['publish', name, '--out', artifacts, '--json'], { cwd: folder, env })
    const { digest: same, blobs } = JSON.parse(again.stdout) as Published & {
      blobs: { outcome: string }[]
    }
    expect(same).toBe(digest)
    expect(new Set(blobs.map(({ outcome }) => outcome))).toEqual(new Set(['exists']))

    const pulled = await runKit(['pull', `${name}@${digest}`, '--out', 'back'], { cwd: folder, env })
    expect(pulled.code, pulled.stderr).toBe(0)
    expect(readdirSync(join(folder, 'back')).sort()).toEqual([...files].sort())
    for (const file of files)
      expect(readFileSync(join(folder, 'back', file)).equals(readFileSync(join(artifacts, file)))).toBe(true)
    const sums = await runProgram('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: join(folder, 'back') })
    expect(sums.code, sums.stderr).toBe(0)
  })
})

test('images are pushed from an archive, pulled into one archive, and read by skopeo', async () => {
  await inFolder(async (folder) => {
    const env = { ROS_KIT_CACHE: join(folder, 'cache') }
    const run = async (...args: string[]) => {
      const ended = await runKit(args, { cwd: folder, env })
      expect(ended.code, ended.stderr).toBe(0)
      return ended.stdout
    }
    mkdirSync(join(folder, 'root'))
    writeFileSync(join(folder, 'root/motd'), 'hello\n')
    const made = await runProgram('tar', [
      '-C',
      join(folder, 'root'),
      '-cf',
      join(folder, 'layer.tar'),
      'motd',
    ])
    expect(made.code).toBe(0)
    // An image by skopeo's hands: a layer, a configuration and their manifest.
    const { createHash } = await import('node:crypto')
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    const layer = readFileSync(join(folder, 'layer.tar'))
    const rootfs = { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] }
    const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }))
    writeFileSync(join(folder, `${digest(config)}.json`), config)
    const manifest = [{ Config: `${digest(config)}.json`, RepoTags: ['hello:v1'], Layers: ['layer.tar'] }]
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    const members = ['manifest.json', `${digest(config)}.json`, 'layer.tar']
    await runProgram('tar', ['-C', folder, '-cf', join(folder, 'images.tar'), ...members])

    const name = `${registry.host}/team/hello`
    await run('push', 'images.tar', `${name}:v1`)
    await run('push', 'images.tar', `${name}:v2`, '--format', 'docker')
    const lines = await run('pull', `${name}:v1`, `${name}:v2`, '--out', 'both.tar')
    expect(lines).toMatch(/both\.tar/)
    const inspected = await runKit(['inspect', 'both.tar', '--json'], { cwd: folder, env })
    const { images } = JSON.parse(inspected.stdout) as { images: { id: string; tags: string[] }[] }
    expect(images).toHaveLength(1)
    expect(images[0]).toMatchObject({ id: `sha256:${digest(config)}`, tags: [`${name}:v1`, `${name}:v2`] })
    expect(await run('cat', `both.tar:${name}:v2:/motd`)).toBe('hello\n')
    await run('pull', `${name}:v1`, '--format', 'oci', '--out', 'oci.tar')
    await skopeo('copy', '-q', `oci-archive:${join(folder, 'oci.tar')}`, `oci:${join(folder, 'layout')}:v1`)
    await run('push', 'layout', `${name}:v3`)
    expect(JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${name}:v3`))).toMatchObject({
      Architecture: 'amd64',
    })
  })
})

test('errors name what is wrong', async () => {
  await inFolder(async (folder) => {
    const env = { ROS_KIT_CACHE: join(folder, 'cache') }
    const fails = async (code: string, ...args: string[]) => {
      const ended = await runKit(args, { cwd: folder, env })
      expect(ended.stderr).toContain(`code: ${code}`)
      expect(ended.stderr).not.toMatch(/^\s+at /m)
      expect(ended.code).not.toBe(0)
    }
    await fails('ROS_CLI_NOT_BUILT', 'publish', `${registry.host}/a:v1`)
    await fails('ROS_IMAGES_TAR_NOT_FOUND', 'pull', `${registry.host}/none:v1`)
    await fails('ROS_IMAGES_TAR_REFERENCE', 'pull', `${registry.host}/UPPER:v1`)
    await fails('ROS_CLI_USAGE', 'pull', `${registry.host}/a:v1`, '--mirror', 'x')
    await fails('ROS_CLI_FILE', 'push', 'none.tar', `${registry.host}/a:v1`)
    writeFileSync(join(folder, 'vmlinuz'), 'kernel')
    writeFileSync(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  vmlinuz\n`)
    await fails('ROS_CLI_FILE', 'publish', `${registry.host}/a:v1`, '--out', '.')
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
