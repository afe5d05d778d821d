import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { inFolder, root, runKit, runProgram } from './kit.ts'

const artifacts = inject('artifacts')

test('build writes every artifact, and the checksums are those of the files', async () => {
  expect(readdirSync(artifacts).sort()).toEqual([
    'SHA256SUMS',
    'build-info.json',
    'initrd',
    'iso-checksums.txt',
    'rancheros.ipxe',
    'rancheros.iso',
    'sbom.spdx.json',
    'vmlinuz',
  ])
  const { code, stdout } = await runProgram('sha256sum', ['-c', 'SHA256SUMS'], { cwd: artifacts })
  expect(stdout).toContain('rancheros.iso: OK')
  expect(code).toBe(0)
})

test('looked into, the ISO holds the tree of RancherOS', async () => {
  const inside = (path: string) => `${join(artifacts, 'rancheros.iso')}:/boot/initrd:${path}`
  const top = await runKit(['ls', inside('/')])
  expect(top.stdout.trim().split('\n')).toEqual(['init -> usr/bin/ros', 'sbin -> usr/sbin', 'usr', 'var'])
  const ros = await runKit(['ls', inside('/usr/share/ros')])
  expect(ros.stdout.trim().split('\n')).toEqual(['build-id', 'os-config.yml'])
  // Service images lie where system docker looks for them: nothing is loaded at boot.
  const names = await runKit(['cat', inside('/var/lib/system-docker/image/overlay2/repositories.json')])
  const { Repositories } = JSON.parse(names.stdout) as { Repositories: Record<string, unknown> }
  expect(Object.keys(Repositories)).toContain('rancher/os-console')
  const config = await runKit(['cat', inside('/usr/share/ros/os-config.yml')])
  expect(config.stdout).toMatch(/^ {6}image: rancher\/os-console:v\d+\.\d+\.\d+$/m)
  const modules = await runKit(['ls', '-R', inside('/usr/lib/modules')])
  expect(modules.stdout).toMatch(/modules\.dep$/m)
  expect(modules.stdout).toMatch(/overlay\.ko$/m)
})

test.each(['rancheros.iso', 'initrd'])('lint has nothing to say about %s', async (name) => {
  const { code, stdout } = await runKit(['lint', join(artifacts, name)])
  expect(stdout).toMatch(/ 0 errors, 0 warnings/)
  expect(code).toBe(0)
})

test('diff finds the initrd in the ISO to be the one beside it', async () => {
  const same = await runKit([
    'diff',
    join(artifacts, 'initrd'),
    `${join(artifacts, 'rancheros.iso')}:/boot/initrd`,
  ])
  expect(same.code).toBe(0)
  const other = await runKit(['diff', join(artifacts, 'initrd'), join(artifacts, 'vmlinuz')])
  expect(other.code).toBe(1)
})

test('images.tar, when asked for, is an archive of all service images that skopeo reads', async () => {
  await inFolder(async (folder) => {
    const { code, stderr } = await runKit(['build', '--images-tar', '--out', folder])
    expect(code, stderr).toBe(0)
    const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')) as {
      version: string
    }
    const name = `docker-archive:${join(folder, 'images.tar')}:docker.io/rancher/os-console:v${version}`
    const inspected = await runProgram('skopeo', ['inspect', '--config', name])
    expect(inspected.code, inspected.stderr).toBe(0)
    expect(JSON.parse(inspected.stdout)).toMatchObject({ architecture: 'amd64', os: 'linux' })
  })
})

test('xorriso finds the ISO bootable as CD and as disk', async () => {
  const reports = ['-report_el_torito', 'plain', '-report_system_area', 'plain']
  const { stdout } = await runProgram('xorriso', ['-indev', join(artifacts, 'rancheros.iso'), ...reports])
  expect(stdout).toMatch(/El Torito boot img :\s+1\s+BIOS\s+y\s+none\s+0x0000\s+0x00\s+4/)
  expect(stdout).toMatch(/System area summary: MBR isohybrid/)
  expect(stdout).toContain('boot-info-table isohybrid-suitable')
})
