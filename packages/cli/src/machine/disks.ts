import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { layoutFat, writeEmptyQcow2, writeFat } from '@ros/disk'
import { configTree, writeCloudConfigIso } from '../cloud-config.ts'
import { CliError } from '../error.ts'
import type { MachineFiles } from '../project.ts'
import type { CloudConfigChoice } from './run-arguments.ts'

const DISK_BYTES = 10 * 1024 ** 3

/** `--fresh`: the disks go, and with them the host key that was known for the machine. */
export async function forgetDisks(files: MachineFiles): Promise<void> {
  const gone = [
    files.stateDisk,
    files.secondDisk,
    files.bootDisk('raw'),
    files.bootDisk('qcow2'),
    files.knownHosts,
  ]
  for (const path of gone) await rm(path, { force: true })
}

/** An empty disk of 10 GB that takes no room yet, unless one is there. */
export async function ensureEmptyDisk(path: string): Promise<void> {
  if (!existsSync(path)) await replaceFile(path, writeEmptyQcow2({ size: DISK_BYTES }))
}

/** Format of a disk image by its first bytes. Throws `ROS_CLI_FILE`. */
export async function diskFormat(path: string): Promise<'raw' | 'qcow2'> {
  try {
    await using handle = await open(path, 'r')
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.toString('latin1') === 'QFI\xfb' ? 'qcow2' : 'raw'
  } catch (cause) {
    throw new CliError('ROS_CLI_FILE', 'cannot read the disk image', { subject: path, cause })
  }
}

/** The machine's own copy of an image, made once: what was built stays as it is. */
export async function ensureBootDisk(image: string, copy: string): Promise<void> {
  if (existsSync(copy)) return
  const part = `${copy}.part`
  try {
    await copyFile(resolve(image), part, constants.COPYFILE_FICLONE)
    await rename(part, copy)
  } catch (cause) {
    throw new CliError('ROS_CLI_FILE', 'cannot copy the disk image', { subject: image, got: copy, cause })
  } finally {
    await rm(part, { force: true })
  }
}

/** Writes the user data where its carrier wants it. */
export async function writeCloudConfig(
  files: MachineFiles,
  carrier: CloudConfigChoice['carrier'],
  text: string,
): Promise<void> {
  if (carrier === 'iso') return writeCloudConfigIso(files.cloudConfigIso, text)
  if (carrier === 'fat') {
    const layout = layoutFat(configTree(text), { label: 'CONFIG-2', serialNumber: 0x2026_0000 })
    await replaceFile(files.cloudConfigFat, writeFat(layout), { mode: 0o600 })
    return
  }
  const folder = join(files.configFolder, 'openstack/latest')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await replaceFile(join(folder, 'user_data'), fromText(text).open(), { mode: 0o600 })
}

export const NETBOOT_SCRIPT = 'boot.ipxe'

/** What the guest's iPXE fetches: a script, the kernel and the initrd. */
export async function writeNetboot(
  files: MachineFiles,
  vmlinuz: string,
  initrd: string,
  append: string,
): Promise<void> {
  await mkdir(files.netbootFolder, { recursive: true, mode: 0o700 })
  const script = ['#!ipxe', `kernel vmlinuz initrd=initrd ${append}`, 'initrd initrd', 'boot', '']
  await writeFile(join(files.netbootFolder, NETBOOT_SCRIPT), script.join('\n'))
  for (const [name, target] of [
    ['vmlinuz', vmlinuz],
    ['initrd', initrd],
  ] as const) {
    await rm(join(files.netbootFolder, name), { force: true })
    await symlink(target, join(files.netbootFolder, name))
  }
}
