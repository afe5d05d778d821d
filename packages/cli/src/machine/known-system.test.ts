import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openProject } from '../project.ts'
import { knowSystem, systemOf } from './known-system.ts'
import { rememberPort } from './ports.ts'
import { readSettings } from './settings.ts'

test('the host key is kept while the same system is started, and forgotten when it is another one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-known-'))
  try {
    const files = openProject(folder).machine('default')
    const kept = async (system: string | undefined) => {
      writeFileSync(files.knownHosts, '{}')
      await knowSystem(files, system)
      return existsSync(files.knownHosts)
    }
    await rememberPort(files, 4022)
    expect(await kept('built')).toBe(false)
    expect(await kept('built')).toBe(true)
    expect(await kept('installed')).toBe(false)
    expect(await kept('installed')).toBe(true)
    expect(await kept(undefined)).toBe(false)
    expect(await kept(undefined)).toBe(false)
    expect(await kept('installed')).toBe(false)
    expect(await readSettings(files)).toEqual({ port: 4022, system: 'installed' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('which system a start is of', () => {
  const built = [{ from: 'kernel' }, { from: 'iso' }, { from: 'pxe' }] as const
  for (const boot of built) {
    expect(systemOf({ boot, format: true })).toBe('built')
    expect(systemOf({ boot, format: false })).toBeUndefined()
  }
  expect(systemOf({ boot: { from: 'boothd' }, format: false })).toBe('installed')
  expect(systemOf({ boot: { from: 'disk', image: 'a.img' }, format: true })).toBe('disk a.img')
})
