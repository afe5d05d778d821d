import { builtInRecipes } from '@ros/distro'
import yargs from 'yargs'
import type { Command } from './command.ts'
import { globalOptions, knownOptions } from './global-options.ts'
import type { Project } from './project.ts'

/**
 * What the last of the words, a command line without the program, may become: commands, options, their choices, names of machines
 * and recipes. Empty means: a file, or anything.
 */
export function completeWords(
  words: readonly string[],
  commands: readonly Command[],
  project: Project,
): string[] {
  const last = words.at(-1) ?? ''
  const before = words.at(-2) ?? ''
  const starting = (found: readonly string[]) => found.filter((word) => word.startsWith(last))
  const at = words.findIndex((word, index) => index < words.length - 1 && !word.startsWith('-'))
  const command = commands.find(({ name }) => name === words[at])
  const { names, choices } = knownOptions(
    command ? command.addOptions(globalOptions(yargs())) : globalOptions(yargs()),
  )
  const option = before.startsWith('--') ? before.slice(2) : before === '-n' ? 'name' : undefined
  if (option === 'name') return starting(project.machineNames())
  if (option === 'recipe') return starting(builtInRecipes())
  const values = option === undefined ? undefined : choices[option]
  if (values) return starting(values)
  if (last.startsWith('-')) return starting(names.map((name) => `--${name}`))
  if (!command) return starting(at < 0 ? commands.map(({ name }) => name) : [])
  if (command.name === 'cp') return starting(project.machineNames().map((name) => `${name}:`))
  const given = words.slice(at + 1, -1).filter((word) => !word.startsWith('-')).length
  const positional = /[<[](\w+)/.exec(command.usage.split(' ')[1 + given] ?? '')?.[1]
  if (positional === 'name') return starting(project.machineNames())
  return starting((positional === undefined ? undefined : choices[positional]) ?? [])
}
