// Fuzzes every parser of `ros`, one after the other: `npm run fuzz:go -- [TIME] [NAME…]`, TIME as Go writes it (5m unless given). Findings are
// kept by Go in testdata/fuzz of their package, where `go test` runs them again.
import { join } from 'node:path'
import { capture, fail, root, run, say } from './console.mjs'

const init = join(root, 'packages/init')
const [time = '5m', ...names] = process.argv.slice(2)

/** `Fuzz…` functions with their packages; `go test -list` prints the names of a package, then `ok PACKAGE`. */
function targets() {
  const found = []
  let fuzz = []
  const listed = capture('go', ['test', '-list', '^Fuzz', './...'], { cwd: init })
  if (listed === undefined)
    fail('the targets can not be listed', 'in packages/init: go test -list ^Fuzz ./...')
  for (const line of listed.split('\n')) {
    if (line.startsWith('Fuzz')) fuzz.push(line)
    const folder = /^ok\s+(\S+)/.exec(line)?.[1]
    if (folder !== undefined) {
      found.push(...fuzz.map((name) => ({ folder, name })))
      fuzz = []
    }
  }
  const unknown = names.filter((wanted) => !found.some(({ name }) => name === wanted))
  if (unknown.length > 0)
    fail(`no target ${unknown.join(', ')}`, `there are ${found.map(({ name }) => name).join(', ')}`)
  return names.length === 0 ? found : found.filter(({ name }) => names.includes(name))
}

const failed = []
for (const { folder, name } of targets()) {
  say(`${folder} ${name}: ${time}`)
  // Making inputs smaller that only found new code would take a minute for each, and tells nothing.
  const only = ['-run', '^$', '-fuzz', `^${name}$`, '-fuzztime', time, '-fuzzminimizetime', '10x']
  const args = ['test', folder, ...only, '-parallel', '1']
  if ((await run('go', args, { cwd: init })) !== 0) failed.push(`${folder} ${name}`)
}
for (const target of failed) process.stderr.write(`failed: ${target}\n`)
process.exit(failed.length === 0 ? 0 : 1)
