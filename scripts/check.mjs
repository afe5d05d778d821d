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
  { name: 'types of the page (tsc)', perform: () => run(bin('tsc'), ['-p', 'docs/demo/tsconfig.json']) },
  { name: 'layers', perform: () => lines(brokenLayers()) },
  { name: 'docs of exports', perform: () => documented() },
  { name: 'unused dependencies (knip)', perform: () => unusedDependencies() },
  {
    name: 'packed packages (publint, are-the-types-wrong)',
    perform: () => packed(),
  },
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

// Both stand on npm packages, which are there only after the set-up.
async function documented() {
  const { undocumented } = await import('./documented.mjs')
  return lines(undocumented().map((line) => `no doc comment: ${line}`))
}

async function packed() {
  const { wrongPackages } = await import('./packed.mjs')
  return lines(await wrongPackages())
}

/** A check that gives a line for each thing that is wrong. */
function lines(wrong) {
  for (const line of wrong) process.stderr.write(`${line}\n`)
  return wrong.length
}

/** What a package depends on, its own code imports (declarations too), and the other way round. */
async function unusedDependencies() {
  const shipped = await run(bin('knip'), ['--production', '--strict', '--dependencies', '--no-progress'])
  return shipped === 0
    ? run(bin('knip'), ['--dependencies', '--exclude', 'binaries', '--no-progress'])
    : shipped
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
