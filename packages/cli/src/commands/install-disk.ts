import { type FileHandle, open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { mountsOf } from '../device-mounts.ts'
import { CliError } from '../error.ts'
import { wholeNumber } from '../number-option.ts'
import type { Output } from '../output.ts'
import { megabytes } from '../print.ts'

const MIB = 1_048_576

export interface InstallDiskOptions {
  /** Raw disk image. */
  readonly image: string
  /** A file, which is replaced, or a device. */
  readonly target: string
  /** Length of a file in MiB; default: that of the image. */
  readonly size?: number
  /** Nothing is asked. */
  readonly yes: boolean
}

/** Writes a disk image to a file or a device. Gives how many bytes of it. */
export async function installDisk(
  { image, target, size, yes }: InstallDiskOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const source = await openImage(image)
  const found = await stat(target).catch(() => undefined)
  const chunks = (async function* () {
    for await (const chunk of source.open()) {
      signal.throwIfAborted()
      yield chunk
    }
  })()
  if (!found || found.isFile()) {
    const length = (size ?? 0) * MIB
    if (size !== undefined && length < source.size) throw smaller(target, length, source.size)
    if (found && !yes) await confirm(output, `${target} is there already and will be replaced.`, target)
    await replaceFile(target, withRest(chunks, length - source.size), { sparse: true })
    return source.size
  }
  // macOS has disks as character devices too, and writes to those much faster.
  if (!found.isBlockDevice() && !(process.platform === 'darwin' && found.isCharacterDevice()))
    throw new CliError('ROS_CLI_DISK', 'neither a file nor a disk', { subject: target })
  if (size !== undefined)
    throw new CliError('ROS_CLI_USAGE', '--size is for files: a disk has the size that it has', {
      subject: target,
    })
  const mounted = await mountsOf(target)
  if (mounted.length > 0) {
    throw new CliError('ROS_CLI_DISK', 'something of it is mounted', {
      subject: target,
      got: mounted.join(', '),
      hint: 'unmount it, or name the disk that you mean',
    })
  }
  const device = await openDevice(target)
  try {
    const room = await deviceSize(device)
    if (room < source.size) throw smaller(target, room, source.size)
    if (!yes) await confirm(output, `Everything on ${target} (${megabytes(room)}) will be erased.`, target)
    for await (const chunk of chunks) await device.writeFile(chunk)
    await device.sync()
  } finally {
    await device.close()
  }
  return source.size
}

async function openImage(image: string) {
  if (!(await stat(image).catch(() => undefined))) {
    throw new CliError('ROS_CLI_NOT_BUILT', 'not there', {
      subject: image,
      hint: 'run `rancheros-kit build --disk img` first',
    })
  }
  const source = fileSource(image)
  const table = await readPartitions(source)
  if (table?.type === 'gpt') return source
  throw new CliError('ROS_CLI_KIND', 'not a raw disk image with a GUID partition table', { subject: image })
}

async function openDevice(target: string): Promise<FileHandle> {
  return open(target, 'r+').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError(
      'ROS_CLI_DISK',
      code === 'EROFS' ? 'it can only be read' : 'it cannot be opened for writing',
      {
        subject: target,
        got: String(code),
        cause,
        ...(code === 'EACCES' && { hint: 'writing to disks needs root: sudo' }),
      },
    )
  })
}

/** By reading: Node has no call that asks a device. */
async function deviceSize(device: FileHandle): Promise<number> {
  const byte = Buffer.alloc(512)
  const readable = async (sector: number) =>
    (await device.read(byte, 0, 512, sector * 512).catch(() => ({ bytesRead: 0 }))).bytesRead === 512
  let low = 0
  let high = 1
  while (await readable(high)) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await readable(middle)) low = middle
    else high = middle
  }
  return (low + 1) * 512
}

async function confirm(output: Output, question: string, target: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CliError('ROS_CLI_USAGE', 'there is nobody to ask whether this is meant', {
      subject: target,
      hint: 'say --yes',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question}\nType its name to go on: `)
    if (answer.trim() === target) return
  } finally {
    terminal.close()
  }
  output.note('nothing was written')
  throw new CliError('ROS_CLI_INTERRUPTED', 'not confirmed', { subject: target })
}

async function* withRest(chunks: AsyncIterable<Uint8Array>, rest: number): AsyncGenerator<Uint8Array> {
  yield* chunks
  const block = new Uint8Array(MIB)
  for (let left = rest; left > 0; left -= block.length) yield block.subarray(0, Math.min(left, block.length))
}

function smaller(target: string, got: number, limit: number): CliError {
  return new CliError('ROS_CLI_DISK', 'too small for the image', {
    subject: target,
    got: megabytes(got),
    limit: megabytes(limit),
  })
}

export const installDiskCommand = command({
  usage: 'install-disk <target>',
  describe: 'write a disk image to a file, or after asking to a disk',
  examples: [
    ['$0 install-disk /dev/sdX', 'what `build --disk img` made, to a disk or stick'],
    ['$0 install-disk machine.img --size 20480', 'to a file of 20 GiB'],
  ],
  options: (y) =>
    artifactsOption(y)
      .positional('target', { type: 'string', demandOption: true, describe: 'file or device' })
      .option('image', {
        type: 'string',
        describe: 'disk image (default: rancheros.img of --out)',
        requiresArg: true,
      })
      .option('size', { type: 'number', describe: 'MiB of a file', coerce: wholeNumber('size', 1, 2 ** 31) })
      .option('yes', { type: 'boolean', default: false, describe: 'ask nothing' }),
  run: async ({ target, image, size, yes, out }, { output, signal }) => {
    const path = resolve(image ?? `${out}/rancheros.img`)
    const options = { image: path, target: resolve(target), yes, ...(size !== undefined && { size }) }
    const written = await installDisk(options, output, signal)
    return { data: { target, image: path, written }, text: `${target}: ${megabytes(written)} written\n` }
  },
})
