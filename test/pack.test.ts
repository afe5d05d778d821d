import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder, root, runProgram } from './kit.ts'

/** The first ```js block of a package's README: what the README promises is what runs here. */
function readmeExample(name: string): string {
  const text = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')
  const example = /```js\n([\s\S]*?)```/.exec(text)?.[1]
  if (!example) throw new Error(`packages/${name}/README.md has no example`)
  return example
}

/** Packs `names`, installs the tarballs into an empty project with npm, and runs a script there. */
async function inProjectOf(
  names: readonly string[],
  script: string,
  look: (folder: string) => Promise<void>,
) {
  await inFolder(async (folder) => {
    const tarballs = join(folder, 'tarballs')
    mkdirSync(tarballs)
    for (const name of names) {
      const pack = ['-y', 'pnpm@12.21.0', 'pack', '--pack-destination', tarballs]
      const packed = await runProgram('npx', pack, { cwd: join(root, 'packages', name) })
      expect(packed.code, packed.stderr + packed.stdout).toBe(0)
    }
    const project = join(folder, 'project')
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
    const files = readdirSync(tarballs).map((name) => join(tarballs, name))
    const installed = await runProgram('npm', ['install', '--no-audit', '--no-fund', ...files], {
      cwd: project,
    })
    expect(installed.code, installed.stderr).toBe(0)
    writeFileSync(join(project, 'example.js'), script)
    const ran = await runProgram(process.execPath, ['example.js'], { cwd: project })
    expect(ran.stderr).toBe('')
    expect(ran.code).toBe(0)
    await look(project)
  })
}

test('@ros/initrd in an empty project writes what GNU cpio lists', async () => {
  await inProjectOf(['bytes', 'tree', 'compress', 'initrd'], readmeExample('initrd'), async (project) => {
    const { stdout, code } = await runProgram('bash', ['-c', 'cpio -itv < initrd.cpio'], { cwd: project })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^-rwxr-xr-x .* bin\/hello$/m)
  })
})

test('@ros/iso in an empty project writes what xorriso lists', async () => {
  await inProjectOf(['bytes', 'tree', 'partitions', 'iso'], readmeExample('iso'), async (project) => {
    const { stdout, code } = await runProgram('xorriso', ['-indev', 'data.iso', '-find', '/', '-type', 'f'], {
      cwd: project,
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^'\//m)
  })
})
