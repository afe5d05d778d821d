import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'

test('the example that needs no kernel runs as it stands in the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const example = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code = '']) => code)
    .find((code) => code.includes('microGuest'))
  if (example === undefined) throw new Error('the README has no such example')
  await inDirectory(async (directory) => {
    const path = join(directory, 'example.ts')
    await writeFile(path, example.replace('@ros/qemu-runner', new URL('index.ts', import.meta.url).href))
    const said = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect(said).toBe('hello from 64-bit mode\n')
  })
})
