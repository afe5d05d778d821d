import { existsSync } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  ensureKeyPair,
  probeAccelerator,
  probeQemuVersion,
  type QemuOptions,
  qemuCommand,
} from '@ros/qemu-runner'
import { readCloudConfig, userData } from '../cloud-config.ts'
import type { CommandContext } from '../command.ts'
import { CliError } from '../error.ts'
import { checkPicturePath } from '../picture/picture-path.ts'
import { cacheDirectory, type MachineFiles } from '../project.ts'
import { checkArtifactsArch } from './built-arch.ts'
import {
  diskFormat,
  ensureBootDisk,
  ensureEmptyDisk,
  forgetDisks,
  writeCloudConfig,
  writeNetboot,
} from './disks.ts'
import { initrdWarning } from './initrd-warning.ts'
import { knowSystem, systemOf } from './known-system.ts'
import { artifact, type Findings, kernelLine, machinePlan } from './plan.ts'
import { chooseSshPort } from './ports.ts'
import type { RunArguments } from './run-arguments.ts'

export interface Prepared {
  readonly plan: QemuOptions
  readonly findings: Findings
  /** The private key that logs in. */
  readonly privateKey: string
  readonly userData: string
}

/** Finds out what the command line depends on. Writes nothing but the project's key pair and the cache. */
export async function prepare(
  args: RunArguments,
  files: MachineFiles,
  context: CommandContext,
): Promise<Prepared> {
  const { project, environment, output } = context
  const { cloudConfig, network, boot } = args
  const config = cloudConfig.path === undefined ? undefined : await readCloudConfig(resolve(cloudConfig.path))
  const port =
    network === 'none' || network.kind !== 'user'
      ? undefined
      : args.dryRun
        ? (args.ports.ssh ?? 2222)
        : await chooseSshPort(args.ports, files)
  if (args.timeline !== undefined) checkPicturePath('--timeline', args.timeline)
  if (boot.from !== 'boothd' && boot.from !== 'disk') checkArtifactsArch(args.artifacts, args.arch)
  const program = args.qemu ?? `qemu-system-${args.arch}`
  const placeholder: Findings = {
    accelerator: 'tcg',
    version: { major: 7, minor: 2 },
    port,
    diskFormat: boot.from === 'disk' ? await diskFormat(resolve(boot.image)) : undefined,
  }
  // What is missing, or cannot be, is said before anything is started.
  qemuCommand(machinePlan(args, files, placeholder))
  await mkdir(project.directory, { recursive: true, mode: 0o700 })
  const keys = await ensureKeyPair(project.keys, 'rancheros-kit')
  const text = userData(config, keys.publicKey)
  const version = await probeQemuVersion(program)
  const { accelerator, reason } = await probeAccelerator({
    arch: args.arch,
    qemu: program,
    cacheFile: join(cacheDirectory(environment), 'accelerator.json'),
    signal: context.signal,
    ...(args.accelerator && { required: args.accelerator }),
  })
  output.note(`accelerator: ${accelerator} (${reason})`)
  // The ISO's initrd is the one beside it.
  const initrd =
    boot.from === 'boothd' || boot.from === 'disk' ? undefined : resolve(args.artifacts, 'initrd')
  const warning = initrd && existsSync(initrd) ? await initrdWarning(initrd, args.memoryMb) : undefined
  if (warning !== undefined) output.warn(warning)
  const findings = { ...placeholder, version, accelerator }
  return { plan: machinePlan(args, files, findings), findings, privateKey: keys.privateKey, userData: text }
}

/** In the temporary folder others may have made it first, to sit between the user and the machine. */
async function makeSocketFolder(files: MachineFiles): Promise<void> {
  const folder = dirname(files.sockets.qmp)
  if (files.sockets.qmp.startsWith('tcp:')) return
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (folder === files.directory) return
  for (const path of [folder, dirname(folder)]) {
    const { uid, mode } = await lstat(path)
    if (uid === process.getuid?.() && mode % 0o100 === 0) continue
    throw new CliError('ROS_CLI_STATE', 'the folder for control sockets belongs to somebody else', {
      subject: path,
      got: `user ${uid}, mode ${(mode % 0o1000).toString(8)}`,
      limit: `user ${process.getuid?.()}, mode 700`,
      hint: 'remove it, or work in a folder with a shorter path',
    })
  }
}

/** Makes what the command line names: disks, configuration, sockets' folder. */
export async function makeReady(args: RunArguments, files: MachineFiles, prepared: Prepared): Promise<void> {
  const { boot } = args
  await makeSocketFolder(files)
  if (args.fresh) await forgetDisks(files)
  await knowSystem(files, systemOf(args))
  if (boot.from === 'disk') {
    await ensureBootDisk(boot.image, files.bootDisk(prepared.findings.diskFormat ?? 'raw'))
  } else await ensureEmptyDisk(files.stateDisk)
  if (args.secondDrive) await ensureEmptyDisk(files.secondDisk)
  await writeCloudConfig(files, args.cloudConfig.carrier, prepared.userData)
  if (boot.from === 'pxe')
    await writeNetboot(files, artifact(args, 'vmlinuz'), artifact(args, 'initrd'), kernelLine(args))
}
