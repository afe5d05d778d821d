// `npm test`: sets up, then every check and every test. The last line is `N passed, N failed`, the exit code its echo.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { check } from './check.mjs'
import { bin, root, run, say } from './console.mjs'
import { setup } from './setup.mjs'

await setup({ tests: true })
const totals = { passed: 0, failed: 0 }
const failures = []
const count = (name, passed, failed) => {
  totals.passed += passed
  totals.failed += failed
  if (failed > 0) failures.push(`${name}: ${failed} failed`)
}

for (const { name, passed } of await check()) count(`check ${name}`, passed ? 1 : 0, passed ? 0 : 1)
await goTests()
await vitest('unit and oracle tests', 'vitest.config.ts')
await vitest('system tests: builds and boots', 'test/vitest.config.ts')

for (const line of failures) process.stdout.write(`${line}\n`)
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`)
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1)

async function vitest(name, config) {
  say(name)
  const folder = mkdtempSync(join(tmpdir(), 'ros-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await run(bin('vitest'), ['run', '--config', config, ...reporters])
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'))
    // A file that fails outside its tests counts as one failure; so does a runner that fails for another reason.
    const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0, code === 0 ? 0 : 1)
    count(name, numPassedTests, failed)
  } catch {
    count(`${name} (no report)`, 0, 1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `go test -json`, one event a line: tests and subtests are counted, output is shown for packages that fail. */
async function goTests() {
  say('go test')
  const child = spawn('go', ['test', '-json', './...'], {
    cwd: join(root, 'packages/init'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let passed = 0
  let failed = 0
  const output = new Map()
  for await (const line of createInterface({ input: child.stdout })) {
    let event
    try {
      event = JSON.parse(line)
    } catch {
      process.stdout.write(`${line}\n`)
      continue
    }
    const key = event.Package ?? event.ImportPath ?? ''
    if (event.Action === 'output' || event.Action === 'build-output')
      output.set(key, (output.get(key) ?? '') + event.Output)
    if (event.Action === 'pass' && event.Test) passed++
    if (event.Action === 'fail' && event.Test) failed++
    if (event.Action === 'fail' && !event.Test) process.stdout.write(output.get(key) ?? '')
  }
  const code = await new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.on('exit', resolve)
  })
  count('go test', passed, Math.max(failed, code === 0 ? 0 : 1))
}
