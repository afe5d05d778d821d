import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { smallProject } from './kill/small-project.ts'
import { inFolder, root, runProgram } from './kit.ts'

const require = createRequire(new URL('nodes/package.json', import.meta.url))
const releases = ['node-22', 'node-26'].map((name) =>
  join(dirname(require.resolve(`${name}/package.json`)), 'bin/node'),
)

test('Node 22, 26 and the one that runs the tests build the same bytes', () =>
  inFolder(async (folder) => {
    const { cache, env } = await smallProject(folder)
    const kit = join(root, 'packages/cli/bin/rancheros-kit.js')
    const versions = new Set<string>()
    const sums = new Set<string>()
    for (const node of [process.execPath, ...releases]) {
      versions.add((await runProgram(node, ['--version'])).stdout.split('.')[0] ?? '')
      // Everything is computed anew.
      rmSync(join(cache, 'derived'), { recursive: true, force: true })
      const args = [kit, 'build', '--locked', '--offline', '--out', 'out']
      const built = await runProgram(node, args, { cwd: folder, env })
      expect(built.code, built.stderr).toBe(0)
      sums.add(readFileSync(join(folder, 'out/SHA256SUMS'), 'utf8'))
    }
    expect(versions.size).toBe(3)
    expect(sums.size).toBe(1)
  }))
