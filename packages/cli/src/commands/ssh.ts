import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { nameOption } from '../machine/name-option.ts'
import { runningMachine } from '../machine/record.ts'
import { inSession, remoteSession } from '../machine/sessions.ts'
import { wholeNumber } from '../number-option.ts'
import type { MachineFiles } from '../project.ts'

/** Port of a machine's ssh. Throws `ROS_CLI_NOT_RUNNING`, also for a network that leads nowhere. */
export async function sshPort(files: MachineFiles): Promise<number> {
  const { port, name } = await runningMachine(files)
  if (port !== null) return port
  throw new CliError('ROS_CLI_NOT_RUNNING', 'no port of this machine leads to its ssh', {
    subject: name,
    hint: 'it was started with --network; name a port with --port if there is one',
  })
}

export const ssh = command({
  usage: 'ssh',
  describe: 'log in to the machine that runs',
  examples: [
    ['$0 ssh', 'a shell'],
    ['$0 ssh -- docker ps', 'run one command'],
    ['$0 ssh --name web --tty -- sudo ros console', 'one that wants a terminal'],
  ],
  rest: 'the command to run; without one, a shell',
  options: (y) =>
    nameOption(y)
      .option('key', { type: 'string', describe: "private key (default: the project's)", requiresArg: true })
      .option('tty', { type: 'boolean', describe: 'a remote terminal; --no-tty or --notty: none' })
      .option('notty', { type: 'boolean', default: false, describe: 'no remote terminal', hidden: true })
      .option('port', {
        type: 'number',
        describe: 'its port (default: as recorded by run)',
        requiresArg: true,
        coerce: (value: number | undefined) =>
          value === undefined ? undefined : wholeNumber('port', 1, 65_535)(value),
      })
      .option('timeout', {
        type: 'number',
        default: 60,
        describe: 'seconds to wait for an answer',
        requiresArg: true,
        coerce: wholeNumber('timeout', 1, 86_400),
      }),
  run: async ({ name, key, port, timeout, tty, notty }, { rest, project, output, signal }) => {
    const files = project.machine(name)
    const target = { port: port ?? (await sshPort(files)), timeout, key, signal }
    return await inSession(project, files, target, (client) =>
      remoteSession(client, { command: rest, tty: notty ? false : tty }, output),
    )
  },
})
