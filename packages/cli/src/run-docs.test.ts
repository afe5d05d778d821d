// docs/run.md names no option that is not there, has every option of `run`, and the exit codes as they are.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import yargs from 'yargs'
import { COMMANDS } from './commands.ts'
import { EXIT_CODES } from './exit-code.ts'
import { globalOptions, knownOptions } from './global-options.ts'

const docs = readFileSync(new URL('../../../docs/run.md', import.meta.url), 'utf8')

function optionsOf(name: string): string[] {
  const command = COMMANDS.find((each) => each.name === name)
  if (!command) throw new Error(`no command ${name}`)
  return [...knownOptions(command.addOptions(globalOptions(yargs()))).names, 'notty']
}

test("every place in the table of upstream's flags is an option of that command", () => {
  const rows = [...docs.matchAll(/^\| `.*?\| (.*) \|$/gm)].map(([, place = '']) => place)
  expect(rows.length).toBeGreaterThan(30)
  let found = 0
  for (const place of rows) {
    const command = /^`(run|ssh)/.exec(place)?.[1]
    if (!command) continue
    for (const [, negated, name = ''] of place.matchAll(/--(no-)?([a-z0-9][a-z0-9-]+)/g)) {
      expect(optionsOf(command), place).toContain(negated && name === 'tty' ? 'tty' : name)
      found++
    }
  }
  expect(found).toBeGreaterThan(30)
})

test('every option of run that is no other command’s is named', () => {
  const shared = [...optionsOf('build'), 'qemu']
  for (const name of optionsOf('run').filter((each) => !shared.includes(each)))
    expect(docs, name).toMatch(new RegExp(`--(no-)?${name}\\b`))
})

test('exit codes', () => {
  for (const { code, meaning } of EXIT_CODES) expect(docs).toContain(`| ${code} | ${meaning} |`)
})
