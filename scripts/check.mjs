// Every check that runs no test: format, lint, types, layers, Go format and vet. `check()` gives name and result of each.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, capture, root, run, say } from './console.mjs'
import { brokenLayers } from './layers.mjs'

const init = join(root, 'packages/init')

const CHECKS = [
  { name: 'format (biome)', perform: () => run(bin('biome'), ['ci', '--colors=off', '.']) },
  { name: 'lint (oxlint)', perform: () => run(bin('oxlint'), ['--type-aware']) },
  { name: 'types (tsc)', perform: () => run(bin('tsc'), ['-p', 'tsconfig.json']) },
  { name: 'layers', perform: () => layers() },
  { name: 'gofmt', perform: () => gofmt() },
  { name: 'go vet', perform: () => run('go', ['vet', './...'], { cwd: init }) },
]

export async function check() {
  const results = []
  for (const { name, perform } of CHECKS) {
    say(`check: ${name}`)
    results.push({ name, passed: (await perform()) === 0 })
  }
  return results
}

function layers() {
  const broken = brokenLayers()
  for (const line of broken) process.stderr.write(`${line}\n`)
  return broken.length
}

function gofmt() {
  const unformatted = capture('gofmt', ['-l', '.'], { cwd: init })
  if (unformatted) process.stderr.write(`${unformatted}\n`)
  return unformatted === '' ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const failed = (await check()).filter(({ passed }) => !passed)
  for (const { name } of failed) process.stderr.write(`failed: ${name}\n`)
  process.exit(failed.length === 0 ? 0 : 1)
}
