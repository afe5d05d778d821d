import { join } from 'node:path'
import { fromBytes } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import { abortable } from './abortable.ts'
import { ipxeScript } from './boot-menu.ts'
import { fetchInputs, type Inputs } from './inputs.ts'
import type { ProgressSink } from './progress.ts'
import type { Recipe } from './recipe-schema.ts'
import { type InputOptions, lockFor, openSession } from './session.ts'
import { writeChecksums } from './steps/checksums.ts'
import { buildDisk, type DiskFormat } from './steps/disk.ts'
import { imagesTar, serviceImages } from './steps/images.ts'
import { buildInitrd } from './steps/initrd.ts'
import { installerTar } from './steps/installer.ts'
import { buildIso } from './steps/iso.ts'
import { readKernelSet } from './steps/kernel.ts'

export interface BuildOptions extends InputOptions {
  /** Folder of the artifacts. */
  readonly out: string
  /** Quick compression (gzip -1) in place of the recipe's. */
  readonly dev?: boolean
  /** `images.tar` as well: the service images, to be loaded into any docker. */
  readonly imagesTar?: boolean
  /** `rancher-os-<version>.tar` as well: the installer image with kernel and initrd, for `ros os upgrade`. */
  readonly installer?: boolean
  /** Disk images of these formats as well: `rancheros.<format>`. */
  readonly disks?: readonly DiskFormat[]
  /** Only what the lock says: no lock, or one that does not hold, is an error. */
  readonly locked?: boolean
}

export interface Artifact {
  readonly path: string
  /** Bytes. */
  readonly size: number
}

export interface BuildResult {
  readonly version: string
  readonly artifacts: readonly Artifact[]
}

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
 * Recipe to artifacts: `vmlinuz`, `initrd`, `rancheros.iso`, `SHA256SUMS`, `iso-checksums.txt` in `out`. The same inputs
 * give the same bytes. Each file is replaced as a whole; what cannot be finished leaves the earlier one.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const session = await openSession(options)
  const { recipe } = session
  const { store, report, signal } = session.context
  const inputs = await fetchInputs(recipe, await lockFor(session, options.locked ?? false), session.context)
  const kernel = await readKernelSet(store, inputs.kernel, report)
  const compression = options.dev ? { compression: 'gzip' as const, level: 1 } : recipe.initrd
  const context: BuildContext = { recipe, store, inputs, time: kernel.time, compression, report, signal }

  const artifacts: Artifact[] = []
  const write = async (name: string, chunks: AsyncIterable<Uint8Array>, total?: number) => {
    const path = join(options.out, name)
    let done = 0
    const tell = (length: number) => {
      done += length
      report({ step: name, text: `writing ${path}`, done, ...(total !== undefined && { total }) })
    }
    tell(0)
    const sparse = name.endsWith('.img') || name.endsWith('.vhd')
    artifacts.push({ path, size: await replaceFile(path, abortable(chunks, signal, tell), { sparse }) })
  }
  const images = await serviceImages(context)
  const { initrd, buildId } = await buildInitrd(context, kernel, images)
  await write('vmlinuz', kernel.vmlinuz.open(), kernel.vmlinuz.size)
  await write('initrd', initrd.open(), initrd.size)
  const system = { vmlinuz: kernel.vmlinuz, initrd }
  const installer = await installerTar(context, system, { medium: true })
  const iso = await buildIso(context, { ...system, buildId, installer })
  await write('rancheros.iso', iso.chunks, iso.size)
  const script = new TextEncoder().encode(ipxeScript(recipe.iso.append))
  await write('rancheros.ipxe', fromBytes(script).open(), script.length)
  if (options.imagesTar) {
    const tar = await imagesTar(context, images)
    await write('images.tar', tar.open(), tar.size)
  }
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
  artifacts.push(...(await writeChecksums(options.out, artifacts, report)))
  return { version: recipe.version, artifacts }
}
