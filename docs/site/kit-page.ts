import type { Command } from '../../packages/cli/src/command.ts'
import { COMMANDS } from '../../packages/cli/src/commands.ts'
import { EXIT_CODES } from '../../packages/cli/src/exit-code.ts'
import { globalOptions } from '../../packages/cli/src/global-options.ts'
import { code, escapeText, page, table } from './markdown.ts'
import { type RecordedOption, record, recordCommand } from './recorded-command.ts'

const PROGRAM = 'rancheros-kit'

/** The reference of `rancheros-kit`: every command as it defines itself to yargs. */
export function kitPage(): string {
  const overview = COMMANDS.map(({ name, describe }) => [`[${code(name)}](#${name})`, escapeText(describe)])
  return page([
    `# Command ${PROGRAM}`,
    `Made of the definitions that ${code(`${PROGRAM} COMMAND --help`)} prints.`,
    table(['command', 'what it does'], overview),
    '## Everywhere',
    'Options of every command.',
    optionTable(record(globalOptions).options),
    ...COMMANDS.map(section),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_CODES.map(({ code: number, meaning }) => [String(number), escapeText(meaning)]),
    ),
    `With ${code('run --ssh -- COMMAND')} and ${code('ssh -- COMMAND')} that of the remote command.`,
  ])
}

function section(command: Command): string {
  const { positionals, options, epilogues } = recordCommand(command)
  const usage = [
    PROGRAM,
    command.usage,
    options.length > 0 ? '[options]' : '',
    command.takesRest ? '[-- WORD…]' : '',
  ]
  const examples = command.examples.map(([line, does]) => [line.replaceAll('$0', PROGRAM), does] as const)
  const width = Math.max(0, ...examples.map(([line]) => line.length))
  return page([
    `## ${command.name}`,
    `${escapeText(command.describe)}.`,
    fence([usage.filter((word) => word !== '').join(' ')]),
    table(
      ['argument', 'value', 'what it is'],
      positionals.map(({ name, definition }) => [
        code(name),
        valueOf(definition),
        escapeText(definition.describe ?? ''),
      ]),
    ),
    optionTable(options),
    ...epilogues.map((text) => `${escapeText(text)}.`),
    fence(examples.map(([line, does]) => `${line.padEnd(width)}   # ${does}`)),
  ])
}

function optionTable(options: readonly RecordedOption[]): string {
  return table(
    ['option', 'value', 'default', 'what it does'],
    options.map(({ name, definition }) => [
      [name, ...words(definition.alias)]
        .map((one) => code(`${one.length === 1 ? '-' : '--'}${one}`))
        .join(', '),
      valueOf(definition),
      defaultOf(definition),
      escapeText(definition.describe ?? ''),
    ]),
  )
}

function valueOf({ type, choices, array }: RecordedOption['definition']): string {
  if (type === 'boolean') return ''
  const value =
    choices === undefined
      ? type === 'number'
        ? 'number'
        : 'text'
      : choices.map((one) => code(String(one))).join(', ')
  return array ? `${value}; may be repeated` : value
}

function defaultOf({
  default: initial,
  defaultDescription,
  demandOption,
}: RecordedOption['definition']): string {
  if (demandOption) return '(needed)'
  if (defaultDescription !== undefined) return escapeText(defaultDescription)
  if (initial === undefined || initial === false || (Array.isArray(initial) && initial.length === 0))
    return ''
  return code(String(initial))
}

function words(alias: string | readonly string[] | undefined): readonly string[] {
  return alias === undefined ? [] : typeof alias === 'string' ? [alias] : alias
}

function fence(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\`\`\`\n${lines.join('\n')}\n\`\`\``
}
