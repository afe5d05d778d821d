import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inTemporaryDirectory, runTool } from '../test/tool.ts'

test("the README's example runs, and GNU cpio lists what the README shows", async () => {
  const folder = new URL('..', import.meta.url).pathname
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const script = /```js\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const shown = /\$ cpio -itv < initrd\.cpio\n(.*?)```/s.exec(readme)?.[1] ?? ''
  expect(shown.split('\n')).toHaveLength(7)

  await inTemporaryDirectory((path) => {
    // The script's imports are looked up from where it lies: in the package, but run elsewhere.
    const bare = script.replaceAll(
      /from '(@ros\/[a-z]+)'/g,
      (_, name: string) => `from '${import.meta.resolve(name)}'`,
    )
    writeFileSync(join(path, 'example.mjs'), bare)
    const args = ['--conditions=@ros/source', 'example.mjs']
    const printed = execFileSync(process.execPath, args, { cwd: path, encoding: 'utf8' })
    const { code, stdout } = runTool('cpio', ['--quiet', '-itv'], {
      input: readFileSync(join(path, 'initrd.cpio')),
    })
    expect(code).toBe(0)
    expect(stdout.toString()).toBe(shown)
    expect(printed).toBe('initrd.cpio: 1024 bytes\n')
  })
})
