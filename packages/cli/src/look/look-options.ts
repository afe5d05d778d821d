import type { Argv } from 'yargs'
import type { CommandContext } from '../command.ts'
import { wholeNumber } from '../number-option.ts'
import { Spool } from './spool.ts'

export const TARGET = 'FILE, or FILE:PATH for what is inside: rancheros.iso:/boot/initrd:/etc/passwd'

/** The options of every command that looks into files. */
export function lookOptions<T>(parser: Argv<T>) {
  return parser.option('limit', {
    type: 'number',
    default: 8192,
    describe: 'megabytes that may be decompressed to look inside',
    coerce: wholeNumber('limit', 1, 1e9),
  })
}

/** The same with one positional, the target. */
export function targetOptions<T>(parser: Argv<T>) {
  const lenient = {
    type: 'boolean',
    default: false,
    describe: 'read what can be read of a damaged ISO, with a warning for the rest',
  } as const
  return lookOptions(parser)
    .option('lenient', lenient)
    .positional('target', { type: 'string', demandOption: true, describe: TARGET })
}

/** Works with a spool of at most `limit` megabytes, which is gone afterwards. */
export async function inSpool<T>(
  limit: number,
  context: CommandContext,
  work: (spool: Spool) => Promise<T>,
  lenient = false,
): Promise<T> {
  const spool = new Spool(limit * 1024 ** 2, context.signal, lenient)
  // The reader of a pipe has what it wanted (`| head`): that is no error. The spool is removed at exit.
  context.output.stdout.once('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  )
  try {
    const result = await work(spool)
    for (const problem of spool.problems) context.output.warn(problem)
    return result
  } finally {
    await spool.close()
  }
}
