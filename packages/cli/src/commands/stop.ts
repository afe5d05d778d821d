import { command } from '../command.ts'
import { endMachine } from '../machine/end-machine.ts'
import { namePositional } from '../machine/name-option.ts'
import { machineState, removeRecord, runningMachine } from '../machine/record.ts'
import { wholeNumber } from '../number-option.ts'

export const stop = command({
  usage: 'stop [name]',
  describe: 'power a machine off',
  examples: [
    ['$0 stop', 'the guest shuts down in order'],
    ['$0 stop web --force', 'pull the plug'],
  ],
  options: (y) =>
    namePositional(y)
      .option('force', { alias: 'f', type: 'boolean', default: false, describe: 'at once, as a power cut' })
      .option('timeout', {
        type: 'number',
        default: 90,
        describe: 'seconds that the guest has',
        requiresArg: true,
        coerce: wholeNumber('timeout', 1, 86_400),
      }),
  run: async ({ name, force, timeout }, { project, output, signal }) => {
    const files = project.machine(name)
    const found = await machineState(files)
    if (found.state === 'ended') {
      await removeRecord(files)
      return { data: { name, was: 'ended' }, text: `${name} had ended already\n` }
    }
    const record = await runningMachine(files)
    if (!force) output.note(`powering off ${name}`)
    await endMachine(files, record, { force, timeoutMs: timeout * 1000, signal })
    return { data: { name, was: 'running' }, text: `${name} is off\n` }
  },
})
