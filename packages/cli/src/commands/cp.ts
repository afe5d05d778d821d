import { command } from '../command.ts'
import { inSpool, lookOptions } from '../look/look-options.ts'
import { copyDown, copyUp } from '../machine/copy.ts'
import { readCopy } from '../machine/copy-path.ts'
import { inSession } from '../machine/sessions.ts'
import { wholeNumber } from '../number-option.ts'
import { sshPort } from './ssh.ts'

export const cp = command({
  usage: 'cp <paths..>',
  describe: 'copy files and folders into a machine, or out of one',
  examples: [
    ['$0 cp notes.txt folder :/home/rancher', 'into the default machine'],
    ['$0 cp web:/var/log/docker.log .', 'out of the machine web'],
  ],
  options: (y) =>
    lookOptions(y)
      .positional('paths', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'SOURCE… DESTINATION; in a machine [NAME]:PATH',
      })
      .option('key', { type: 'string', describe: "private key (default: the project's)", requiresArg: true })
      .option('timeout', {
        type: 'number',
        default: 60,
        describe: 'seconds to wait for an answer',
        requiresArg: true,
        coerce: wholeNumber('timeout', 1, 86_400),
      }),
  run: async ({ paths, key, timeout, limit }, context) => {
    const { project, output, signal } = context
    const { direction, machine, sources, destination } = readCopy(paths)
    const files = project.machine(machine)
    const target = { port: await sshPort(files), timeout, key, signal }
    const copied = await inSession(project, files, target, (client) =>
      direction === 'up'
        ? copyUp(client, sources, destination)
        : inSpool(limit, context, (spool) => copyDown(client, sources, destination, spool)),
    )
    for (const path of copied.skipped) output.warn(`${path}: neither file, folder nor link: left out`)
    return { data: { machine, sources, destination, ...copied } }
  },
})
