import { didYouMean } from '@ros/debian'
import { KIT_VERSION } from '@ros/distro'
import yargs, { type Argv } from 'yargs'
import type { CommandContext } from './command.ts'
import { COMMANDS } from './commands.ts'
import { completeWords } from './complete-words.ts'
import { CliError } from './error.ts'
import { EXIT_CODES } from './exit-code.ts'
import { globalOptions, knownOptions } from './global-options.ts'
import { Output } from './output.ts'
import type { Terminal } from './print.ts'
import { openProject } from './project.ts'

/** All that the command line meets of its process. */
export interface Surroundings {
  /** Working directory. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

export interface Invocation {
  /** Errors are wanted as JSON. */
  readonly json: boolean
  /** Runs the command, prints its result and gives the exit code. */
  readonly perform: () => Promise<number>
}

/** Reads a command line. Nothing happens, and nothing is thrown, before `perform` is called. */
export function parseArguments(argv: readonly string[], surroundings: Surroundings): Invocation {
  const { own, rest } = divide(argv)
  return { json: own.includes('--json'), perform: () => perform(own, rest, surroundings) }
}

/** `--` divides our options from words for somebody else, in commands that take such; else yargs reads it. */
function divide(argv: readonly string[]): { own: string[]; rest: string[] } {
  const at = argv.indexOf('--')
  const before = at < 0 ? argv : argv.slice(0, at)
  const named = COMMANDS.find(({ name }) => name === before.find((word) => !word.startsWith('-')))
  return named?.takesRest && at >= 0
    ? { own: [...before], rest: argv.slice(at + 1) }
    : { own: [...argv], rest: [] }
}

async function perform(own: string[], rest: string[], surroundings: Surroundings): Promise<number> {
  const { stdout, terminal, signal, environment } = surroundings
  let exitCode = 0
  const parser = yargs(own)
  for (const command of COMMANDS) {
    command.addTo(parser, async (run) => {
      const { json, quiet, verbose, color } = globalOptions(yargs(own)).help(false).version(false).parseSync()
      // What draws looks at the environment: https://no-color.org
      if (!color) environment['NO_COLOR'] = '1'
      const seen = terminal.stderr.isTTY === true && stdout.isTTY === true
      const live = seen && !environment['CI'] && environment['TERM'] !== 'dumb'
      const output = new Output({ stdout, terminal, json, quiet, verbose, live })
      const project = openProject(surroundings.directory)
      const context: CommandContext = {
        project,
        rest,
        output,
        signal,
        environment,
        complete: (words) => completeWords(words, COMMANDS, project),
      }
      const result = await run(context)
      if (output.json) {
        if (result?.data !== undefined) await output.printJson(result.data)
      } else if (result?.text) await output.print(result.text)
      exitCode = result?.exitCode ?? 0
    })
  }
  await globalOptions(parser)
    .scriptName('rancheros-kit')
    .usage('$0 <command>\n\nBuild a whole RancherOS, boot it in QEMU, log in over ssh.')
    .epilogue(`Exit codes: ${EXIT_CODES.map(({ code, meaning }) => `${code} ${meaning}`).join('; ')}.`)
    .wrap(Math.min(terminal.stderr.columns ?? 100, 110))
    .demandCommand(1, 1, 'name a command')
    .recommendCommands()
    .strict()
    .help()
    .version(`v${KIT_VERSION}`)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error) throw error
      throw usageError(message ?? 'wrong usage', own, parser)
    })
    .parseAsync()
  return exitCode
}

/** With what may have been meant: yargs suggests commands, options are looked up here. */
function usageError(message: string, own: readonly string[], parser: Argv): CliError {
  const [, unknown = ''] = /^Unknown arguments?: ([^,]+)/.exec(message) ?? []
  const similar = didYouMean(unknown, knownOptions(parser).names).map((name) => `--${name}`)
  return new CliError('ROS_CLI_USAGE', message, {
    subject: own.join(' ') || 'rancheros-kit',
    hint:
      similar.length > 0
        ? `did you mean ${similar.join(' or ')}?`
        : '`rancheros-kit --help` and `rancheros-kit COMMAND --help` list commands and options',
  })
}
