import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readAll } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { readInitrd } from '@ros/initrd'
import { expect, test } from 'vitest'
import { sha256, smallProject } from './kill/small-project.ts'
import { inFolder, runKit, runProgram } from './kit.ts'

test('docker from its own release of static binaries goes before packages, and is proven', () =>
  inFolder(async (folder) => {
    const { env } = await smallProject(folder)
    // Debian's binaries, packed as docker packs its own: docker-VERSION.tgz with a folder `docker`.
    mkdirSync(join(folder, 'docker'))
    for (const name of ['dockerd', 'runc']) {
      const copied = await runProgram('cp', ['-L', `/usr/sbin/${name}`, join(folder, 'docker', name)])
      expect(copied.code, copied.stderr).toBe(0)
    }
    writeFileSync(join(folder, 'docker/busybox'), 'not the packaged one')
    const packed = await runProgram('tar', ['czf', 'docker.tgz', 'docker'], { cwd: folder })
    expect(packed.code, packed.stderr).toBe(0)
    const release = readFileSync(join(folder, 'docker.tgz'))
    const server = createServer((_, response) => response.end(release))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const path = join(folder, 'rancheros.yml')
    const text = readFileSync(path, 'utf8')
    const recipe = (digest: string, programs = 'busybox, dockerd, runc') =>
      text.replace(
        'programs: [busybox]',
        `programs: [${programs}], docker: { url: 'http://127.0.0.1:${port}/docker.tgz', sha256: '${digest}' }`,
      )
    try {
      writeFileSync(path, recipe('0'.repeat(64)))
      const other = await runKit(['build'], { cwd: folder, env })
      expect(other.code).toBe(1)
      expect(other.stderr).toMatch(/code: ROS_\w+_DIGEST/)
      writeFileSync(path, recipe(sha256(release), 'busybox, containerd'))
      const missing = await runKit(['build'], { cwd: folder, env })
      expect(missing.stderr).toContain('engine.programs: containerd')
      writeFileSync(path, recipe(sha256(release)))
      const built = await runKit(['build'], { cwd: folder, env })
      expect(built.code, built.stderr).toBe(0)
    } finally {
      server.closeAllConnections()
      server.close()
    }
    const { tree } = await readInitrd(fileSource(join(folder, 'dist/artifacts/initrd')))
    for (const name of ['dockerd', 'runc', 'busybox']) {
      const node = tree.get(`usr/bin/${name}`)
      if (node?.type !== 'file') throw new Error(`no ${name}`)
      expect(node.mode).toBe(0o755)
      expect(sha256(await readAll(node.content, 1e9))).toBe(
        sha256(readFileSync(join(folder, 'docker', name))),
      )
    }
    const sbom = readFileSync(join(folder, 'dist/artifacts/sbom.spdx.json'), 'utf8')
    expect(sbom).toContain(sha256(release))
  }))
