import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@ros/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openNetwork } from '../network.ts'
import { buildRos, moduleDigest } from './build-ros.ts'
import type { SourceContext } from './context.ts'

let folder: string
let context: SourceContext
let told = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-go-'))
  const report = () => {
    told++
  }
  context = {
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    folder,
    store: await openStore(join(folder, 'cache')),
    network: openNetwork({ offline: true, rewrites: [], report, signal: undefined }),
    debian: { index: () => Promise.reject(new Error('not asked')), fetch: () => Promise.resolve() },
    pinNew: false,
    now: new Date(0),
    report,
    signal: undefined,
  }
  // As a checkout of rancher/os: the program at the top, its version in config.VERSION.
  mkdirSync(join(folder, 'os/config'), { recursive: true })
  writeFileSync(join(folder, 'os/go.mod'), 'module github.com/rancher/os\n\ngo 1.21\n')
  writeFileSync(join(folder, 'os/config/version.go'), 'package config\n\nvar VERSION = "unknown"\n')
  const main =
    'package main\n\nimport "github.com/rancher/os/config"\n\nfunc main() { println(config.VERSION) }\n'
  writeFileSync(join(folder, 'os/main.go'), main)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a checkout is built static, with the version in it, once for the same sources', async () => {
  const module = await moduleDigest(context, { path: 'os' })
  const ros = await buildRos(context, 'os', module, 'v0.4.3')
  const program = join(folder, 'ros')
  execFileSync('install', ['-m', '755', ros.path, program])
  expect(execFileSync('sh', ['-c', '"$0" 2>&1', program]).toString().trim()).toBe('v0.4.3')
  // No path of this machine, and no interpreter: a static program.
  const bytes = readFileSync(program).toString('latin1')
  expect(bytes).not.toContain(folder)
  expect(bytes).not.toContain('/lib64/ld-linux')
  const before = told
  expect((await buildRos(context, 'os', module, 'v0.4.3')).digest).toBe(ros.digest)
  expect(told).toBe(before)
  // From another place, the same bytes.
  execFileSync('cp', ['-r', join(folder, 'os'), join(folder, 'elsewhere')])
  const store = await openStore(join(folder, 'other cache'))
  const again = await buildRos({ ...context, store }, 'elsewhere', module, 'v0.4.3')
  expect(again.digest).toBe(ros.digest)
})

test('what does not compile is said in one line, and nothing is kept', async () => {
  mkdirSync(join(folder, 'broken'))
  writeFileSync(join(folder, 'broken/go.mod'), 'module broken\n\ngo 1.21\n')
  writeFileSync(join(folder, 'broken/main.go'), 'package main\n\nfunc main() { nonsense }\n')
  const module = await moduleDigest(context, { path: 'broken' })
  await expect(buildRos(context, 'broken', module, 'v1')).rejects.toMatchObject({
    code: 'ROS_DISTRO_GO',
    got: expect.stringContaining('nonsense'),
  })
  await expect(moduleDigest(context, { path: 'cache' })).rejects.toMatchObject({ code: 'ROS_DISTRO_INPUT' })
})
