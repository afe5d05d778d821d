// The packages as npm would have them: packed, then judged by publint (manifests), are-the-types-wrong (declarations) and
// by what has to be in a tarball.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { run } from './console.mjs'
import { PNPM } from './pnpm.mjs'

/** Files that every package has; sizes are of tarballs, in bytes. */
const COMPLETE = ['package.json', 'README.md', 'LICENSE']
const LARGEST = { 'rancheros-kit': 400_000, '@ros/init': 10_000_000, others: 250_000 }

/** ES modules only: what a CommonJS program of Node before 22.12 would make of them does not count, nor Node 10's resolution. */
const IGNORED = new Set(['NoResolution', 'CJSResolvesToESM'])

/** Packs every package of the workspace into `folder`, as `pnpm publish` would. */
export function packAll(folder) {
  return run('npx', ['-y', PNPM, '--recursive', '--silent', 'pack', '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** What is wrong with the packed packages, a line each. */
export async function wrongPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'ros-packed-'))
  try {
    if ((await packAll(folder)) !== 0) return ['packing failed: see the lines above']
    const lines = []
    for (const name of readdirSync(folder).sort())
      lines.push(...(await wrong(readFileSync(join(folder, name)))))
    return lines
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function wrong(tarball) {
  const data = new Uint8Array(tarball)
  const packed = createPackageFromTarballData(data)
  const files = packed.listFiles().map((path) => path.replace(/^\/node_modules\/(@[^/]+\/)?[^/]+\//, ''))
  const manifest = JSON.parse(packed.readFile(`/node_modules/${packed.packageName}/package.json`))
  const lines = COMPLETE.filter((file) => !files.includes(file)).map((file) => `${file} is missing`)
  const limit = LARGEST[packed.packageName] ?? LARGEST.others
  if (tarball.length > limit) lines.push(`the tarball has ${tarball.length} bytes, limit ${limit}`)
  lines.push(
    ...files
      .filter((file) => /\.test\.|fixture|tsbuildinfo|^src\//.test(file))
      .map((file) => `${file} is no part of it`),
  )
  for (const target of named(manifest))
    if (!files.includes(target.replace(/^\.\//, '')))
      lines.push(`${target} is named in package.json and missing`)
  const { messages, pkg } = await publint({ pack: { tarball: data.buffer }, strict: true })
  lines.push(...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`))
  if (files.some((file) => file.endsWith('.d.ts'))) {
    const { problems = [] } = await checkPackage(packed)
    const found = problems.filter(({ kind }) => !IGNORED.has(kind))
    lines.push(...found.map((problem) => `types: ${JSON.stringify(problem)}`))
  }
  return lines.map((line) => `${packed.packageName}: ${line}`)
}

/** Every file that a manifest names. */
function named({ exports = {}, imports = {}, bin = {} }) {
  const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves))
  return [...new Set([...leaves(exports), ...leaves(imports), ...leaves(bin)])]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lines = await wrongPackages()
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(lines.length === 0 ? 0 : 1)
}
