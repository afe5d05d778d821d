import { attachConsole, connectQmp } from '@ros/qemu-runner'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { namePositional } from '../machine/name-option.ts'
import { runningMachine } from '../machine/record.ts'

export const consoleCommand = command({
  usage: 'console [name]',
  describe: 'join the console of a machine that runs detached; Ctrl-] leaves it',
  examples: [['$0 console web', 'Enter shows a prompt']],
  options: (y) => namePositional(y),
  run: async ({ name }, { project, output, signal }) => {
    const files = project.machine(name)
    const record = await runningMachine(files)
    if (record.console !== 'socket') {
      throw new CliError('ROS_CLI_CONSOLE', 'the console belongs to the `run` that started the machine', {
        subject: name,
        hint: 'machines started with --detach have one to join; `rancheros-kit logs -f` shows this one',
      })
    }
    if (output.json) {
      throw new CliError('ROS_CLI_USAGE', '--json has nothing to print of a console', { subject: 'console' })
    }
    await checkNobodyThere(files.sockets.control, name)
    output.note(`console of ${name}; Ctrl-] leaves it`)
    const how = await attachConsole(files.sockets.console, {
      stdin: process.stdin,
      stdout: process.stdout,
      signal,
    })
    signal.throwIfAborted()
    output.note(how === 'left' ? '\nleft; the machine runs on' : '\nthe machine has ended')
    return undefined
  },
})

/** QEMU serves one client and lets others wait without a word. */
async function checkNobodyThere(control: string, name: string): Promise<void> {
  const qmp = await connectQmp(control, { timeoutMs: 5_000 })
  try {
    const devices = (await qmp.execute('query-chardev')) as { label: string; filename: string }[]
    const serial = devices.find(({ label }) => label === 'serial')
    if (serial === undefined || serial.filename.startsWith('disconnected:')) return
  } finally {
    qmp.close()
  }
  throw new CliError('ROS_CLI_CONSOLE', 'somebody is on the console', {
    subject: name,
    hint: 'one terminal at a time; `rancheros-kit logs -f` shows it too',
  })
}
