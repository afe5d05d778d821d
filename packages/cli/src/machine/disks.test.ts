import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { readFat } from '@ros/disk'
import { readIso } from '@ros/iso'
import { expect, test } from 'vitest'
import { openProject } from '../project.ts'
import { writeCloudConfig } from './disks.ts'

test('a cloud-config on a CD, on a FAT disk and in a folder: where a config drive has it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-disks-'))
  try {
    const files = openProject(folder).machine('box')
    mkdirSync(files.directory, { recursive: true })
    const text = '#cloud-config\nhostname: box\n'
    for (const carrier of ['iso', 'fat', '9p'] as const) await writeCloudConfig(files, carrier, text)
    const fat = await readFat(fileSource(files.cloudConfigFat))
    const iso = await readIso(fileSource(files.cloudConfigIso))
    for (const { tree } of [fat, iso]) {
      const node = tree.get('openstack/latest/user_data')
      if (node?.type !== 'file') throw new Error('no user_data')
      expect(Buffer.from(await collect(node.content.open(), 1000)).toString()).toBe(text)
    }
    expect(readFileSync(join(files.configFolder, 'openstack/latest/user_data'), 'utf8')).toBe(text)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
