import { watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type CommandContext, command } from '../command.ts'
import { CliError } from '../error.ts'
import { namePositional } from '../machine/name-option.ts'
import { machineState } from '../machine/record.ts'
import { wholeNumber } from '../number-option.ts'
import type { MachineFiles } from '../project.ts'

const CHUNK = 64 * 1024
const LOOK_AGAIN_MS = 1_000

export const logs = command({
  usage: 'logs [name]',
  describe: "print a machine's console since it was started",
  examples: [['$0 logs -f', 'and what comes, until the machine ends']],
  options: (y) =>
    namePositional(y)
      .option('follow', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'go on until the machine ends',
      })
      .option('lines', {
        type: 'number',
        describe: 'only the last ones',
        requiresArg: true,
        coerce: (value: number | undefined) =>
          value === undefined ? undefined : wholeNumber('lines', 1, 1e9)(value),
      })
      .option('qemu', { type: 'boolean', default: false, describe: 'what QEMU itself said' }),
  run: async ({ name, follow, lines, qemu }, context) => {
    const files = context.project.machine(name)
    const path = qemu ? files.qemuLog : files.consoleLog
    await using handle = await open(path, 'r').catch((cause: unknown) => {
      throw new CliError('ROS_CLI_FILE', 'no log', {
        subject: path,
        cause,
        hint: 'a machine has one after its first `rancheros-kit run`',
      })
    })
    const text = await handle.readFile('utf8')
    const shown = lines === undefined ? text : lastLines(text, lines)
    if (context.output.json) return { data: { name, path, lines: shown.split(/\r?\n/) } }
    await context.output.print(shown)
    if (follow) await printGrowth(handle, path, files, context)
    return undefined
  },
})

function lastLines(text: string, count: number): string {
  const lines = text.split('\n')
  const ended = lines.at(-1) === ''
  return lines.slice(-(count + (ended ? 1 : 0))).join('\n')
}

async function printGrowth(handle: FileHandle, path: string, files: MachineFiles, context: CommandContext) {
  const { output, signal } = context
  let position = (await handle.stat()).size
  for (;;) {
    // Asked before reading: what the machine wrote before it ended is printed too.
    const { state } = await machineState(files)
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, position)
      if (bytesRead === 0) break
      position += bytesRead
      await output.print(buffer.subarray(0, bytesRead))
    }
    if (state !== 'running') return
    await changed(path, signal)
    signal.throwIfAborted()
  }
}

/** Until the file changes, or a second has passed: not every file system tells. */
async function changed(path: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(path, () => end())
    const timer = setTimeout(() => end(), LOOK_AGAIN_MS)
    const end = () => {
      clearTimeout(timer)
      watcher.close()
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
  })
}
