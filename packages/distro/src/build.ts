import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import type { Image } from '@ros/images-tar'
import { removeLeftovers, type Store, temporaryPath } from '@ros/store'
import { abortable } from './abortable.ts'
import { ipxeScript } from './boot-menu.ts'
import { assertFit, memoryToBoot } from './fit.ts'
import { inputTree } from './input.ts'
import { fetchInputs, type Inputs } from './inputs.ts'
import type { ProgressSink } from './progress.ts'
import type { Recipe } from './recipe-schema.ts'
import { type InputOptions, lockFor, openSession } from './session.ts'
import { buildInfo } from './steps/build-info.ts'
import { writeChecksums } from './steps/checksums.ts'
import { buildDisk, type DiskFormat } from './steps/disk.ts'
import { imagesTar, serviceImages } from './steps/images.ts'
import { buildInitrd } from './steps/initrd.ts'
import { installerTar } from './steps/installer.ts'
import { buildIso } from './steps/iso.ts'
import { type KernelSet, readKernelSet } from './steps/kernel.ts'
import { rootfs } from './steps/rootfs.ts'
import { sbom } from './steps/sbom.ts'
import { currentSystem, type System } from './steps/system.ts'
import { unpackedArchives } from './steps/unpacked.ts'
import { v04Images, v04System } from './steps/v04.ts'

/** What is built, and where to. */
export interface BuildOptions extends InputOptions {
  /** Folder of the artifacts. */
  readonly out: string
  /** Quick compression (gzip -1) in place of the recipe's. */
  readonly dev?: boolean
  /** `images.tar` as well: the service images, to be loaded into any docker. */
  readonly imagesTar?: boolean
  /** `rootfs.tar.gz` as well: the system without a kernel. */
  readonly rootfs?: boolean
  /** `rancher-os-<version>.tar` as well: the installer image with kernel and initrd, for `ros os upgrade`. */
  readonly installer?: boolean
  /** Disk images of these formats as well: `rancheros.<format>`. */
  readonly disks?: readonly DiskFormat[]
  /** Only what the lock says: no lock, or one that does not hold, is an error. */
  readonly locked?: boolean
}

/** A file that a build has written. */
export interface Artifact {
  readonly path: string
  /** Bytes. */
  readonly size: number
}

/** What a build has made. */
export interface BuildResult {
  readonly version: string
  /** Debian's name of the architecture: `amd64`. */
  readonly arch: string
  /** What starts the ISO: a BIOS, and UEFI too where there is a loader for it, or UEFI alone; absent without an ISO. */
  readonly firmware?: 'bios' | 'uefi'
  readonly artifacts: readonly Artifact[]
  /** Bytes of memory that a machine needs to boot it: an estimate, see `memoryToBoot`. */
  readonly memory?: number
}

/** What a build on another machine left in a shared folder is removed when it is older than this. */
const STALE_MS = 86_400_000

/** What every step works with. */
export interface BuildContext {
  readonly recipe: Recipe
  readonly store: Store
  readonly inputs: Inputs
  /** Time of everything that the build itself makes, in seconds: the newest time among the kernel's files. */
  readonly time: number
  readonly compression: Recipe['initrd']
  readonly report: ProgressSink
  readonly signal: AbortSignal | undefined
}

/**
 * Recipe to artifacts: `vmlinuz`, `initrd`, `rancheros.iso`, `sbom.spdx.json`, `build-info.json`, `SHA256SUMS`,
 * `iso-checksums.txt` in `out`, and what the options name. The same inputs
 * give the same bytes. Each file is replaced as a whole; what cannot be finished leaves the earlier one.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const session = await openSession(options)
  const { recipe } = session
  const { store, report, signal } = session.context
  const lock = await lockFor(session, options.locked ?? false)
  const inputs = await fetchInputs(recipe, lock, session.context)
  const kernel = inputs.kernel && (await readKernelSet(store, inputs.kernel, report))
  const time = await buildTime(recipe, inputs, store, kernel)
  const compression = options.dev ? { compression: 'gzip' as const, level: 1 } : recipe.initrd
  const context: BuildContext = { recipe, store, inputs, time, compression, report, signal }

  await mkdir(options.out, { recursive: true })
  await removeLeftovers(options.out, STALE_MS, Date.now())
  const artifacts: Artifact[] = []
  const write = async (name: string, chunks: AsyncIterable<Uint8Array>, total?: number) => {
    const path = join(options.out, name)
    let done = 0
    const tell = (length: number) => {
      done += length
      report({ step: name, text: 'writing', done, ...(total !== undefined && { total }) })
    }
    tell(0)
    // The name tells whose it is: what a killed build left, the next one removes.
    const temporary = `${temporaryPath(options.out)}.part`
    const sparse = name.endsWith('.img') || name.endsWith('.vhd')
    artifacts.push({
      path,
      size: await replaceFile(path, abortable(chunks, signal, tell), { sparse, temporary }),
    })
  }
  const { images, system } = await layOut(context, kernel)
  const memory = kernel && (await writeBootable(context, kernel, system, options, write))
  if (options.imagesTar) {
    const tar = await imagesTar(context, images)
    await write('images.tar', tar.open(), tar.size)
  }
  if (options.rootfs || !kernel) {
    const archive = await rootfs(context, system.rootfs)
    await write('rootfs.tar.gz', archive.open(), archive.size)
  }
  const writeText = (name: string, text: string) => write(name, fromText(text).open(), fromText(text).size)
  await writeText('sbom.spdx.json', sbom({ lock, time: context.time }))
  const { dev = false } = options
  await writeText('build-info.json', await buildInfo({ lock, artifacts, options: { dev } }))
  artifacts.push(...(await writeChecksums(options.out, artifacts, report)))
  const { version, arch } = recipe
  const firmware = kernel && isoFirmware(inputs)
  return {
    version,
    arch,
    ...(firmware && { firmware }),
    artifacts,
    ...(memory !== undefined && { memory }),
  }
}

function isoFirmware({ loader, uefi }: Inputs): BuildResult['firmware'] {
  return loader ? 'bios' : uefi && 'uefi'
}

type Write = (name: string, chunks: AsyncIterable<Uint8Array>, total?: number) => Promise<void>

/** What a machine starts from: kernel, initrd, ISO; and for the layout of today installer and disk images. Gives the memory it needs. */
async function writeBootable(
  context: BuildContext,
  { vmlinuz }: KernelSet,
  { segments, buildId }: System,
  options: BuildOptions,
  write: Write,
): Promise<number> {
  const { recipe, inputs } = context
  const { initrd, archives } = await buildInitrd(context, segments)
  const sizes = {
    vmlinuz: vmlinuz.size,
    initrd: initrd.size,
    unpacked: await unpackedArchives(context, archives),
  }
  assertFit(sizes)
  const system = { vmlinuz, initrd }
  const isCurrent = recipe.layout === 'current'
  const starts = inputs.loader ?? inputs.uefi
  const installer = isCurrent && starts ? await installerTar(context, system, { medium: true }) : undefined
  // Laid out before anything is written: what does not fit leaves the earlier artifacts.
  const iso = starts && (await buildIso(context, { ...system, buildId, ...(installer && { installer }) }))
  await write('vmlinuz', vmlinuz.open(), vmlinuz.size)
  await write('initrd', initrd.open(), initrd.size)
  if (iso) await write('rancheros.iso', iso.chunks, iso.size)
  const memory = memoryToBoot(sizes)
  if (!isCurrent) return memory
  const script = fromText(ipxeScript(recipe.iso.append))
  await write('rancheros.ipxe', script.open(), script.size)
  if (options.installer) {
    const tar = await installerTar(context, system, { medium: false })
    await write(`rancher-os-${recipe.version}.tar`, tar.open(), tar.size)
  }
  if (options.disks && options.disks.length > 0) {
    const disk = await buildDisk(context, system, buildId)
    for (const format of options.disks) {
      const total = format === 'img' || format === 'vhd' ? disk.layout.size : undefined
      await write(`rancheros.${format}`, disk.write(format), total)
    }
  }
  return memory
}

/** Images and system as the recipe's layout has them. */
async function layOut(
  context: BuildContext,
  kernel: KernelSet | undefined,
): Promise<{ images: readonly Image[]; system: System }> {
  if (context.recipe.layout === 'v0.4') {
    const images = await v04Images(context)
    return { images, system: await v04System(context, kernel, images) }
  }
  if (!kernel) throw new Error('the schema lets no recipe of this layout be without a kernel')
  const images = await serviceImages(context)
  return { images, system: await currentSystem(context, kernel, images) }
}

async function buildTime(
  { time }: Recipe,
  { engine }: Inputs,
  store: Store,
  kernel: KernelSet | undefined,
): Promise<number> {
  if (time !== undefined) return Date.parse(time) / 1000
  if (kernel) return kernel.time
  return Math.max(0, ...[...(await inputTree(store, engine))].map(({ node }) => node.mtime))
}
