import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { Output } from './output.ts'
import type { Project } from './project.ts'

/** What a command works with, besides its own arguments. */
export interface CommandContext {
  /** The project of the working directory. */
  readonly project: Project
  /** The words after `--`; empty unless the command has `rest`. */
  readonly rest: readonly string[]
  readonly output: Output
  /** Fires on Ctrl-C and SIGTERM; its reason is what ends the command. */
  readonly signal: AbortSignal
  readonly environment: NodeJS.ProcessEnv
  /** What the last of these words, a command line without the program, may become. */
  readonly complete: (words: readonly string[]) => string[]
}

/** What a command gives back: `main` prints it, as text or as JSON. */
export interface CommandResult {
  /** What `--json` prints. */
  readonly data?: unknown
  /** What is printed without `--json`; with its newlines. */
  readonly text?: string
  /** 0 unless said. */
  readonly exitCode?: number
}

export interface CommandDefinition<A> {
  /** Name and positionals as yargs writes them: `ls <target>`. */
  readonly usage: string
  /** One line. */
  readonly describe: string
  /** Command line and what it does; `$0` is the program. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  readonly options: (parser: Argv) => Argv<A>
  /** Takes words after `--`, which are no options of ours; said in the help. */
  readonly rest?: string
  readonly run: (args: ArgumentsCamelCase<A>, context: CommandContext) => Promise<CommandResult | undefined>
}

/** A command as `main` knows it. */
export interface Command {
  readonly name: string
  readonly usage: string
  readonly describe: string
  readonly examples: readonly (readonly [line: string, does: string])[]
  readonly takesRest: boolean
  /** Adds the command's options alone. */
  addOptions(parser: Argv): Argv
  /** Adds the command to a parser; `run` is called when it is the one. */
  addTo(
    parser: Argv,
    perform: (run: (context: CommandContext) => Promise<CommandResult | undefined>) => Promise<void>,
  ): void
}

/** A command is a value in a file of its own: `export const ls = command({ … })`, listed in `commands.ts`. */
export function command<A>(definition: CommandDefinition<A>): Command {
  const { usage, describe, examples, options, rest, run } = definition
  return {
    name: usage.split(' ')[0] ?? usage,
    usage,
    describe,
    examples,
    takesRest: rest !== undefined,
    addOptions: (parser) => options(parser) as unknown as Argv,
    addTo(parser, perform) {
      parser.command(
        usage,
        describe,
        (y) => {
          const built = options(y)
          for (const [line, does] of examples) built.example(line, does)
          if (rest !== undefined) built.epilogue(`After \`--\`: ${rest}`)
          return built
        },
        (args) => perform((context) => run(args, context)),
      )
    },
  }
}
