import { expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  '%s has a description and examples that begin with the program',
  (name, { describe, examples, usage }) => {
    expect(usage).toMatch(/^[a-z-]+( [<[].+)?$/)
    expect(describe).not.toBe('')
    expect(examples.length).toBeGreaterThan(0)
    for (const [line, does] of examples) {
      expect(line).toContain(`$0 ${name}`)
      expect(does).not.toBe('')
    }
  },
)

test('names are different', () => {
  expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
})
