// The packages as a registry would hand them out, in a folder that has nothing else.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { inFolder, root, runProgram } from '../kit.ts'

const artifacts = inject('artifacts')

/** The Node that the kit is for, before whichever the system has. */
const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }

async function done(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args, { cwd, env })
  expect(code, `${program} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

/** The examples of a README. */
function examplesOf(name: string): string[] {
  const text = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')
  return [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code)
}

test('packed and installed, the command builds the bytes that the workspace builds; examples run', async () => {
  await inFolder(async (folder) => {
    const tarballs = join(folder, 'tarballs')
    mkdirSync(tarballs)
    await done('npx', ['-y', 'pnpm@12.21.0', '--recursive', 'pack', '--pack-destination', tarballs], root)
    const files = readdirSync(tarballs).map((name) => join(tarballs, name))
    expect(files).toHaveLength(readdirSync(join(root, 'packages')).length)

    const project = join(folder, 'project')
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
    await done('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], project)

    await done('npx', ['--no-install', 'rancheros-kit', 'init'], project)
    expect(existsSync(join(project, 'rancheros.yml'))).toBe(true)
    await done('npx', ['--no-install', 'rancheros-kit', 'build'], project)
    const built = join(project, 'dist/artifacts')
    const sums = (path: string) => readFileSync(join(path, 'SHA256SUMS'), 'utf8').split('\n').sort()
    expect(sums(built)).toEqual(sums(artifacts))

    copyFileSync(join(built, 'rancheros.iso'), join(project, 'disk.img')) // the disk of an example
    for (const name of ['bytes', 'compress', 'initrd', 'iso', 'partitions', 'store', 'tree']) {
      const [example] = examplesOf(name)
      if (example === undefined) throw new Error(`packages/${name}/README.md has no example`)
      writeFileSync(join(project, `${name}.js`), example)
      await done(process.execPath, [`${name}.js`], project)
    }
  })
})

test('changeset version gives every package the same next version and says what changed', async () => {
  await inFolder(async (folder) => {
    for (const name of ['.changeset', 'package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'packages'])
      cpSync(join(root, name), join(folder, name), {
        recursive: true,
        filter: (path) => !/\/(node_modules|dist|src|internal)$/.test(path),
      })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    await done('git', ['init', '-q'], folder)
    await done(join(root, 'node_modules/.bin/changeset'), ['version'], folder)
    const manifests = readdirSync(join(folder, 'packages')).map(
      (name) =>
        JSON.parse(readFileSync(join(folder, 'packages', name, 'package.json'), 'utf8')) as {
          version: string
        },
    )
    const versions = new Set(manifests.map(({ version }) => version))
    expect([...versions]).toEqual(['0.2.0'])
    expect(readdirSync(join(folder, '.changeset')).filter((name) => name !== 'config.json')).toEqual([])
    expect(readFileSync(join(folder, 'packages/cli/CHANGELOG.md'), 'utf8')).toMatch(
      /^# rancheros-kit\n+## 0\.2\.0\n/,
    )
  })
})
