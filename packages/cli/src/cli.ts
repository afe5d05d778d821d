import { KIT_VERSION } from '@ros/distro'
import yargs, { type Argv } from 'yargs'
import type { CommandContext } from './command.ts'
import { COMMANDS } from './commands.ts'
import { CliError } from './error.ts'
import { EXIT_CODES } from './exit-code.ts'
import { Output } from './output.ts'
import type { Terminal } from './print.ts'
import { openProject } from './project.ts'

/** All that the command line meets of its process. */
export interface Surroundings {
  /** Working directory. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WritableStream
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
      const { json, quiet, verbose } = globalOptions(yargs(own)).help(false).version(false).parseSync()
      const output = new Output({ stdout, terminal, json, quiet, verbose })
      const context: CommandContext = {
        project: openProject(surroundings.directory),
        rest,
        output,
        signal,
        environment,
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
      throw new CliError('ROS_CLI_USAGE', message ?? 'wrong usage', {
        subject: own.join(' ') || 'rancheros-kit',
        hint: '`rancheros-kit --help` and `rancheros-kit COMMAND --help` list commands and options',
      })
    })
    .parseAsync()
  return exitCode
}

/** The options of every command. */
function globalOptions<T>(parser: Argv<T>) {
  const option = (describe: string) => ({ type: 'boolean', default: false, describe }) as const
  return parser
    .option('json', option('print the result, or the error, as JSON'))
    .option('quiet', { ...option('no progress, only results, warnings and errors'), alias: 'q' })
    .option('verbose', { ...option('tell more'), alias: 'v' })
    .group(['json', 'quiet', 'verbose', 'help', 'version'], 'Everywhere:')
}
