import { KIT_VERSION } from '@ros/distro'
import yargs, { type Argv } from 'yargs'
import { buildCommand } from './commands/build.ts'
import { runCommand } from './commands/run.ts'
import { sshCommand } from './commands/ssh.ts'
import { CliError } from './error.ts'
import { addInputCommands, givenInputs, inputOptions } from './input-commands.ts'
import { exitCode } from './exit-code.ts'
import { addLookCommands } from './look-commands.ts'
import { megabytes, printError, progressPrinter, type Terminal } from './print.ts'
import { openProject } from './project.ts'

const terminal: Terminal = { stderr: process.stderr, now: () => performance.now() }

/** What `--` divides: our options before it, the remote command after it. */
function divide(argv: readonly string[]): { own: string[]; command: string[] } {
  const at = argv.indexOf('--')
  return at < 0 ? { own: [...argv], command: [] } : { own: argv.slice(0, at), command: argv.slice(at + 1) }
}

async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const { own, command } = divide(argv)
  const project = openProject(process.cwd())
  let code = 0
  const number = (name: string, least: number, most: number) => (value: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new CliError('ROS_CLI_USAGE', 'not a number that the option takes', {
      subject: `--${name}`,
      got: String(value),
      limit: `${least} … ${most}`,
    })
  }
  const artifacts = (y: Argv) =>
    y.option('out', {
      type: 'string',
      default: 'dist/artifacts',
      describe: 'folder of the artifacts',
      requiresArg: true,
    })

  const commands = yargs(own)
    .scriptName('rancheros-kit')
    .usage('$0 <command>\n\nBuild a whole RancherOS, boot it in QEMU, log in over ssh.')
    .command(
      'build',
      'build vmlinuz, initrd and rancheros.iso',
      (y) =>
        inputOptions(artifacts(y))
          .option('locked', {
            type: 'boolean',
            default: false,
            describe: 'refuse inputs that are not those of the lock',
          })
          .option('images-tar', {
            type: 'boolean',
            default: false,
            describe: 'write images.tar too: the service images, for any docker',
          })
          .option('dev', {
            type: 'boolean',
            default: false,
            describe: 'compress the initrd quickly (gzip -1)',
          })
          .example('$0 build', 'build into dist/artifacts'),
      async (a) => {
        const printer = progressPrinter(terminal)
        try {
          const args = {
            ...givenInputs(a),
            locked: a.locked,
            out: a.out,
            dev: a.dev,
            imagesTar: a['images-tar'],
          }
          const result = await buildCommand(args, printer.sink, signal)
          printer.end()
          for (const { path, size } of result.artifacts) process.stdout.write(`${path} ${megabytes(size)}\n`)
        } finally {
          printer.end()
        }
      },
    )
    .command(
      'run',
      'boot what was built',
      (y) =>
        artifacts(y)
          .option('ssh', {
            type: 'boolean',
            default: false,
            describe: 'log in; power off when the session ends',
          })
          .option('iso', { type: 'boolean', default: false, describe: 'boot rancheros.iso as a CD' })
          .option('fresh', { type: 'boolean', default: false, describe: 'begin with an empty state disk' })
          .option('append', {
            type: 'string',
            array: true,
            default: [],
            describe: 'more kernel arguments',
            nargs: 1,
          })
          .option('cloud-config', { type: 'string', describe: 'cloud-config file', requiresArg: true })
          .option('memory', {
            type: 'number',
            default: 2048,
            describe: 'megabytes',
            coerce: number('memory', 512, 1e6),
          })
          .option('cpus', {
            type: 'number',
            default: 2,
            describe: 'processors',
            coerce: number('cpus', 1, 256),
          })
          .option('port', {
            type: 'number',
            default: 2222,
            describe: 'port of ssh on 127.0.0.1',
            coerce: number('port', 1, 65_535),
          })
          .option('timeout', {
            type: 'number',
            default: 300,
            describe: 'seconds to wait for ssh',
            coerce: number('timeout', 1, 86_400),
          })
          .option('dry-run', {
            type: 'boolean',
            default: false,
            describe: 'print the QEMU command and do nothing',
          })
          .example('$0 run --ssh -- ros -v', 'run one command and power off'),
      async (a) => {
        if (command.length > 0 && !a.ssh) {
          throw new CliError('ROS_CLI_USAGE', 'a command after -- needs --ssh', { subject: 'run' })
        }
        const args = {
          artifacts: a.out,
          ssh: a.ssh,
          command,
          iso: a.iso,
          fresh: a.fresh,
          append: a.append,
          cloudConfig: a['cloud-config'],
          memory: a.memory,
          cpus: a.cpus,
          port: a.port,
          timeout: a.timeout,
          dryRun: a['dry-run'],
        }
        code = await runCommand(args, project, terminal, signal)
      },
    )
    .command(
      'ssh',
      'log in to the machine that runs',
      (y) =>
        y
          .option('port', { type: 'number', describe: 'its port (default: as recorded by run)' })
          .option('timeout', {
            type: 'number',
            default: 60,
            describe: 'seconds to wait for an answer',
            coerce: number('timeout', 1, 86_400),
          })
          .example('$0 ssh -- docker ps', 'run one command'),
      async (a) => {
        code = await sshCommand({ command, port: a.port, timeout: a.timeout }, project, signal)
      },
    )
  const setExitCode = (given: number) => {
    code = given
  }
  addInputCommands(commands, { stdout: process.stdout, terminal, signal })
  await addLookCommands(commands, { stdout: process.stdout, terminal, signal, setExitCode })
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
  return code
}

const controller = new AbortController()
const interrupt = () => {
  // A second signal ends the process at once; the first lets every step remove what is half-written.
  if (controller.signal.aborted) process.exit(130)
  controller.abort(
    new CliError('ROS_CLI_INTERRUPTED', 'stopped; nothing half-written was left', { subject: 'interrupted' }),
  )
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

try {
  process.exitCode = await main(process.argv.slice(2), controller.signal)
} catch (thrown) {
  const error: unknown = controller.signal.aborted ? controller.signal.reason : thrown
  printError(error, terminal)
  process.exitCode = exitCode(error)
}
// Whatever is still open (a terminal's standard input, a half-closed socket) must not keep the process.
process.exit()
