import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

test('docs/troubleshooting.md has every error code, and no other', () => {
  const declared = readdirSync(join(root, 'packages')).flatMap((name) => {
    try {
      const source = readFileSync(join(root, 'packages', name, 'src/error.ts'), 'utf8')
      return [...source.matchAll(/^ {2}\| '(ROS_[A-Z0-9_]+)' \/\/ (.*)$/gm)].map(
        ([, code, text]) => `| \`${code}\` | ${text} |`,
      )
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
  expect(declared.length).toBeGreaterThan(100)
  const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8')
  const [often = '', all = ''] = page.split('## All codes')
  expect(all.split('\n').filter((line) => line.startsWith('| `ROS_'))).toEqual(declared)
  for (const [code] of often.matchAll(/ROS_[A-Z0-9_]+/g)) expect(all).toContain(`| \`${code}\` |`)
})
