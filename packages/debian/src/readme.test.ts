import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const directory = mkdtempSync(join(tmpdir(), 'ros-debian-'))
  try {
    const resolvable = example.replaceAll(
      /'(@ros\/\w+)'/g,
      (_, name: string) => `'${import.meta.resolve(name)}'`,
    )
    const script = join(directory, 'example.ts')
    writeFileSync(script, resolvable)
    const flags = ['--conditions=@ros/source', '--no-warnings', script]
    const output = execFileSync(process.execPath, flags, {
      cwd: directory,
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(output).toMatch(/^0 of \d+\n/)
    expect(output).toMatch(/type: 'file'[\s\S]*mode: 493/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
