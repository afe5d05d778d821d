import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'

const packages = new URL('../../', import.meta.url).pathname

test('the README’s example runs in an empty project and prints what the README says', async () => {
  const readme = await readFile(join(packages, 'disk/README.md'), 'utf8')
  const script = /```js\n(.*?)```/s.exec(readme)?.[1]
  const transcript = /```console\n\$ node example\.js\n(.*?)\$ mtype (.*?)\n(.*?)```/s.exec(readme)
  if (!script || !transcript) throw new Error('README has another form')
  const folder = await mkdtemp(join(tmpdir(), 'disk-readme-'))
  try {
    await mkdir(join(folder, 'node_modules/@ros'), { recursive: true })
    for (const name of ['bytes', 'tree', 'disk'])
      await symlink(join(packages, name), join(folder, 'node_modules/@ros', name))
    await writeFile(join(folder, 'example.mjs'), script)
    const program = `process.chdir(${JSON.stringify(folder)}); await import(${JSON.stringify(join(folder, 'example.mjs'))})`
    const ran = await runTool(
      'nodejs',
      process.execPath,
      '--conditions=@ros/source',
      '--input-type=module',
      '-e',
      program,
    )
    expect(ran.exitCode, ran.text).toBe(0)
    expect(ran.stdout.toString()).toBe(transcript[1])
    const typed = await runTool('mtools', 'mtype', '-i', join(folder, 'esp.img'), '::EFI/BOOT/grub.cfg')
    expect(typed.stdout.toString()).toBe(transcript[3])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
