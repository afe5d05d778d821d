import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killRounds } from './kill/kill-rounds.ts'
import { smallProject } from './kill/small-project.ts'
import { inFolder, runKit } from './kit.ts'

test('kill -9 in a build is put right by the next one (100 moments: npm run test:kill)', () =>
  inFolder(async (folder) => {
    const rounds = await killRounds(await smallProject(folder), 3, 20_261_126)
    expect(rounds.flatMap(({ faults }) => faults)).toEqual([])
  }))

test('two builds at once with one cache write the same', () =>
  inFolder(async (folder) => {
    const { env } = await smallProject(folder)
    const outs = ['one', 'two', 'three'].map((name) => join(folder, name))
    const builds = await Promise.all(outs.map((out) => runKit(['build', '--out', out], { cwd: folder, env })))
    for (const { code, stderr } of builds) expect(code, stderr).toBe(0)
    const same = await runKit(['cache', 'verify'], { cwd: folder, env })
    expect(same.stdout).toBe('every entry is whole\n')
    const sums = outs.map((out) => join(out, 'SHA256SUMS'))
    const { readFileSync } = await import('node:fs')
    expect(new Set(sums.map((path) => readFileSync(path, 'utf8'))).size).toBe(1)
  }))
