// Every check that runs no test: format, lint, types, layers, Go format and vet. `check()` gives name and result of each.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, capture, root, run, say } from './console.mjs'
import { undocumented } from './documented.mjs'
import { brokenLayers } from './layers.mjs'
import { wrongPackages } from './packed.mjs'

const init = join(root, 'packages/init')

const CHECKS = [
  { name: 'format (biome)', perform: () => run(bin('biome'), ['ci', '--colors=off', '.']) },
  { name: 'lint (oxlint)', perform: () => run(bin('oxlint'), ['--type-aware']) },
  { name: 'types (tsc)', perform: () => run(bin('tsc'), ['-p', 'tsconfig.json']) },
  { name: 'layers', perform: () => lines(brokenLayers()) },
  { name: 'docs of exports', perform: () => lines(undocumented().map((line) => `no doc comment: ${line}`)) },
  { name: 'unused dependencies (knip)', perform: () => unusedDependencies() },
  {
    name: 'packed packages (publint, are-the-types-wrong)',
    perform: async () => lines(await wrongPackages()),
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
