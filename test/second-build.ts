// The same system once more, as a newer version.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { assetText } from '../packages/distro/src/assets.ts'
import { root, runKit } from './kit.ts'

export const SECOND_VERSION = 'v0.99.0'

/** Builds it, with `ros` of this checkout, into a folder; gives that folder. */
export async function secondBuild(folder: string, ...more: string[]): Promise<string> {
  const recipe = await assetText('recipes/debian.yml')
  const text = recipe.replace('version: ${KIT_VERSION}', `version: ${SECOND_VERSION}`)
  const path = join(folder, 'second', 'rancheros.yml')
  mkdirSync(join(folder, 'second'))
  writeFileSync(path, `${text}\nros:\n  build: ${join(root, 'packages/init')}\n`)
  const out = join(folder, 'second', 'artifacts')
  const { code, stderr } = await runKit(['build', '--dev', '--out', out, '--recipe', path, ...more])
  expect(code, stderr).toBe(0)
  return out
}
