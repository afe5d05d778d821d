import { once } from 'node:events'
import { collect, type Finding } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import type { Argv } from 'yargs'
import { catCommand } from './commands/cat.ts'
import { diffCommand } from './commands/diff.ts'
import { extractCommand } from './commands/extract.ts'
import { inspectCommand } from './commands/inspect.ts'
import { lintCommand } from './commands/lint.ts'
import { lsCommand } from './commands/ls.ts'
import { CliError } from './error.ts'
import { Spool } from './look/spool.ts'
import { differenceLine, factsText, findingLine, listingLines } from './look-print.ts'
import { megabytes, type Terminal } from './print.ts'

export interface LookContext {
  readonly stdout: NodeJS.WritableStream
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly setExitCode: (code: number) => void
}

const TARGET = 'FILE, or FILE:PATH for what is inside: rancheros.iso:/boot/initrd:/etc/passwd'
/** `cat --json` has the content in memory. */
const CAT_JSON_LIMIT = 64 * 1024 ** 2

/** Adds `ls`, `cat`, `extract`, `inspect`, `diff` and `lint`: looking into files of any kind. */
export function addLookCommands<T>(parser: Argv<T>, context: LookContext): Argv<T> {
  const { stdout, terminal, setExitCode } = context
  const print = (text: string) => writeAll(stdout, text)
  const printJson = (value: unknown) => print(`${JSON.stringify(value, undefined, 2)}\n`)
  const inSpool = async (limit: number, work: (spool: Spool) => Promise<void>) => {
    const spool = new Spool(limit * 1024 ** 2, context.signal)
    // The reader of a pipe has what it wanted (`| head`): that is no error. The spool is removed at exit.
    stdout.once('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
    try {
      await work(spool)
    } finally {
      await spool.close()
    }
  }
  const common = <U>(y: Argv<U>) =>
    y.option('json', { type: 'boolean', default: false, describe: 'print JSON' }).option('limit', {
      type: 'number',
      default: 8192,
      describe: 'megabytes that may be decompressed to look inside',
      coerce: megabyteLimit,
    })
  const withTarget = <U>(y: Argv<U>) =>
    common(y).positional('target', { type: 'string', demandOption: true, describe: TARGET })

  return parser
    .command(
      'ls <target>',
      'list what is in a file: ISO, initrd, docker-save, .deb, tar',
      (y) =>
        withTarget(y)
          .option('long', {
            alias: 'l',
            type: 'boolean',
            default: false,
            describe: 'type, mode, owner, size, time',
          })
          .option('recursive', { alias: 'R', type: 'boolean', default: false, describe: 'with all below' })
          .example('$0 ls -l rancheros.iso:/boot', 'what is on the ISO'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const listing = await lsCommand(a.target, a.recursive, spool)
          if (a.json) await printJson(listing)
          else
            await print(
              listingLines(listing, a.long)
                .map((line) => `${line}\n`)
                .join(''),
            )
        }),
    )
    .command(
      'cat <target>',
      'print a file that is inside another',
      (y) =>
        withTarget(y).example('$0 cat initrd:/usr/share/ros/os-config.yml', 'print one file of the initrd'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const content = await catCommand(a.target, spool)
          if (!a.json) {
            for await (const chunk of content.open()) {
              context.signal.throwIfAborted()
              await writeAll(stdout, chunk)
            }
            return
          }
          const bytes = Buffer.from(await collect(content.open(), CAT_JSON_LIMIT))
          const text = bytes.toString('utf8')
          const isText = Buffer.from(text).equals(bytes)
          await printJson({
            target: a.target,
            size: content.size,
            digest: await sha256(content),
            encoding: isText ? 'utf-8' : 'base64',
            content: isText ? text : bytes.toString('base64'),
          })
        }),
    )
    .command(
      'extract <target> <directory>',
      'write what is inside a file into a directory, never outside it',
      (y) =>
        withTarget(y)
          .positional('directory', {
            type: 'string',
            demandOption: true,
            describe: 'made if it is not there',
          })
          .example('$0 extract images.tar:rancher/os-console:v1 root', 'the file system of an image'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const { written, bytes, skipped } = await extractCommand(a.target, a.directory, spool)
          if (a.json) return printJson({ target: a.target, directory: a.directory, written, bytes, skipped })
          for (const { path, reason } of skipped) terminal.stderr.write(`skipped: ${path}: ${reason}\n`)
          await print(
            `${a.directory}: ${written.length} written, ${megabytes(bytes)}, ${skipped.length} skipped\n`,
          )
        }),
    )
    .command(
      'inspect <target>',
      'tell what a file is: segments, volumes, boot entries, images',
      (y) => withTarget(y).example('$0 inspect initrd', 'segments and counts'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const facts = await inspectCommand(a.target, spool)
          await (a.json ? printJson(facts) : print(factsText(facts)))
        }),
    )
    .command(
      'diff <a> <b>',
      'name what differs between two files, as deep inside as both can be opened; exit 1 when something does',
      (y) =>
        common(y)
          .positional('a', { type: 'string', demandOption: true, describe: TARGET })
          .positional('b', { type: 'string', demandOption: true, describe: 'the same' })
          .example('$0 diff old.iso new.iso', 'down to single files of single images'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const differences = []
          for await (const difference of diffCommand(a.a, a.b, spool)) {
            differences.push(difference)
            if (!a.json) await print(`${differenceLine(difference)}\n`)
          }
          if (a.json) await printJson({ a: a.a, b: a.b, equal: differences.length === 0, differences })
          setExitCode(differences.length === 0 ? 0 : 1)
        }),
    )
    .command(
      'lint <target>',
      'check an ISO, an initrd or a docker-save archive; exit 1 on errors, warnings alone are 0',
      (y) =>
        withTarget(y)
          .option('as', {
            choices: ['iso', 'initrd', 'docker-save'] as const,
            describe: 'what the file is (default: by its bytes)',
          })
          .example('$0 lint rancheros.iso', 'every fault with its rule and offset'),
      (a) =>
        inSpool(a.limit, async (spool) => {
          const { kind, findings } = await lintCommand(a.target, a.as, spool)
          const found: Finding[] = []
          for await (const finding of findings) {
            context.signal.throwIfAborted()
            found.push(finding)
            if (!a.json) await print(`${findingLine(finding)}\n`)
          }
          const count = (severity: Finding['severity']) =>
            found.filter((each) => each.severity === severity).length
          const [errors, warnings] = [count('error'), count('warning')]
          if (a.json) await printJson({ target: a.target, kind, errors, warnings, findings: found })
          else await print(`${a.target}: ${kind}, ${errors} errors, ${warnings} warnings\n`)
          setExitCode(errors === 0 ? 0 : 1)
        }),
    )
}

function megabyteLimit(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1e9) return value
  throw new CliError('ROS_CLI_USAGE', 'not a number that the option takes', {
    subject: '--limit',
    got: String(value),
    limit: '1 … 1000000000',
  })
}

/** Writes and waits for a reader that is slow. */
async function writeAll(stdout: NodeJS.WritableStream, data: string | Uint8Array): Promise<void> {
  if (!stdout.write(data)) await once(stdout, 'drain')
}
