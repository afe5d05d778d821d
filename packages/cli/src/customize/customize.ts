import { type ByteSource, fromText } from '@ros/bytes'
import { type FatImage, layoutFat, readFat } from '@ros/disk'
import { layoutIso, type RemasteredIso, remasterIso, writeIso } from '@ros/iso'
import { type FileNode, file, Tree } from '@ros/tree'
import { CliError } from '../error.ts'
import type { Spool } from '../look/spool.ts'
import { changeConfigs, findFile, likelyInitrds } from './boot-configs.ts'
import { type Addition, hostTree } from './host-files.ts'
import { type AddedCompression, extendInitrd } from './initrd-addition.ts'
import type { ArgumentChange } from './kernel-arguments.ts'
import { describeSystem } from './system-description.ts'

export interface Customization {
  readonly kernelArguments: ArgumentChange
  /** A cloud-config, for `CLOUD_CONFIG_PATH` in the initrd. */
  readonly cloudConfig?: string
  readonly initrdFiles: readonly Addition[]
  readonly isoFiles: readonly Addition[]
  /** Initrds of the image that are extended; none: those that its boot menus load. */
  readonly initrds: readonly string[]
  readonly compression: AddedCompression
}

/** What was done; stable for `--json`. */
export interface CustomizedIso {
  /** Boot configurations with other arguments; those on the EFI system partition begin with `esp:`. */
  readonly configs: readonly string[]
  readonly initrds: readonly { readonly path: string; readonly size: number; readonly added: number }[]
  /** Paths on the ISO that are new or other. */
  readonly files: readonly string[]
  /** What the user should know: something that is not kept, an initrd that was not understood. */
  readonly warnings: readonly string[]
  readonly size: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Read by `ros` and by RancherOS in name order, after boot.yml and before user_config.yml. */
export const CLOUD_CONFIG_PATH = 'var/lib/rancher/conf/cloud-config.d/customize.yml'

/**
 * Changes an ISO: contents are taken from it as they are, initrds get one more segment, and it starts as it did. The result is read
 * while it is written. Throws `ROS_CLI_CUSTOMIZE` when there is nothing that could be changed as asked, and the errors of the readers.
 */
export async function customizeIso(
  source: ByteSource,
  wanted: Customization,
  spool: Spool,
): Promise<CustomizedIso> {
  const remastered = await remasterIso(source)
  const { tree, notKept } = remastered
  const warnings = notKept.map((what) => `the new image will not have: ${what}`)
  const time = Math.floor(remastered.options.created)
  const iso = await changeConfigs(tree, wanted.kernelArguments)
  const esp = await changeEsp(remastered, wanted.kernelArguments, warnings)
  const changes = wanted.kernelArguments.append.length + wanted.kernelArguments.remove.length
  if (changes > 0 && iso.entries + esp.entries === 0) {
    throw new CliError(
      'ROS_CLI_CUSTOMIZE',
      'no boot menu was found whose kernel arguments could be changed',
      {
        subject: 'kernel arguments',
        limit: "isolinux's, syslinux's and GRUB's configurations, on the ISO and its EFI system partition",
      },
    )
  }
  const added = addedTree(wanted, time)
  const initrds = added.size > 0 ? await extend(tree, added, wanted, iso.initrds, spool, warnings) : []
  const files = addFiles(tree, wanted.isoFiles, time)
  if (initrds.length + files.length > 0) await describeSystem(tree)
  const layout = layoutIso(tree, esp.options)
  return {
    configs: [...iso.changed, ...esp.changed.map((path) => `esp:${path}`)],
    initrds,
    files,
    warnings,
    size: layout.size,
    chunks: writeIso(layout, { reuseBuffers: true }),
  }
}

function addedTree({ initrdFiles, cloudConfig }: Customization, time: number): Tree {
  const added = new Tree()
  for (const addition of initrdFiles) added.merge(hostTree(addition, time))
  if (cloudConfig === undefined) return added
  added.addDirectories(CLOUD_CONFIG_PATH.slice(0, CLOUD_CONFIG_PATH.lastIndexOf('/')), { mtime: time })
  // It may hold keys and passwords.
  return added.replace(CLOUD_CONFIG_PATH, file(fromText(cloudConfig), { mode: 0o600, mtime: time }))
}

async function extend(
  tree: Tree,
  added: Tree,
  { initrds, compression }: Customization,
  loaded: readonly string[],
  spool: Spool,
  warnings: string[],
): Promise<CustomizedIso['initrds']> {
  const named = initrds.map((name) => {
    const path = findFile(tree, '', name)
    if (path !== undefined) return path
    throw new CliError('ROS_CLI_CUSTOMIZE', 'no such initrd on the ISO', { subject: name })
  })
  const paths = [named, loaded, likelyInitrds(tree)].find((list) => list.length > 0) ?? []
  if (paths.length === 0) {
    throw new CliError('ROS_CLI_CUSTOMIZE', 'no initrd was found on the ISO', {
      subject: 'initrd',
      hint: 'name it with --initrd',
    })
  }
  const done = new Map<FileNode, FileNode>()
  const extended: { path: string; size: number; added: number }[] = []
  for (const path of paths) {
    const node = tree.get(path)
    if (node?.type !== 'file') continue
    const before = done.get(node)
    if (before) {
      tree.replace(path, before)
      continue
    }
    const result = await extendInitrd(node.content, added, compression, spool, path)
    const replaced = { ...node, content: result.content }
    done.set(node, replaced)
    tree.replace(path, replaced)
    extended.push({ path, size: result.content.size, added: result.added })
    if (result.unread !== undefined)
      warnings.push(
        `${path} could not be looked into (${result.unread}): directories above what was added get mode 0755`,
      )
  }
  return extended
}

function addFiles(tree: Tree, additions: readonly Addition[], time: number): string[] {
  const paths: string[] = []
  for (const addition of additions) {
    const host = hostTree(addition, time)
    for (const { path, node } of host) {
      const above = path !== addition.path && addition.path.startsWith(`${path}/`)
      // What stands above keeps what it is; a file there is in the way, and `add` says so.
      if (above) tree.addDirectories(path, { mtime: time })
      else tree.replace(path, node)
      if (!above && node.type !== 'directory') paths.push(path)
    }
  }
  return paths
}

/** FAT knows no time before 1980. */
const FAT_EPOCH = Date.UTC(1980, 0, 1) / 1000

/** The tree of a FAT volume with times that can be written again: its root has none, and entries may have none. */
function dated(tree: Tree, created: number): Tree {
  const mtime = Math.max(Math.floor(created), FAT_EPOCH)
  const copy = new Tree()
  copy.root = { ...tree.root, mtime }
  for (const { path, node } of tree) copy.add(path, node.mtime >= FAT_EPOCH ? node : { ...node, mtime })
  return copy
}

/** The options with an EFI system partition whose configurations are changed, where it has any. */
async function changeEsp(
  { tree, options }: RemasteredIso,
  change: ArgumentChange,
  warnings: string[],
): Promise<{ options: RemasteredIso['options']; changed: readonly string[]; entries: number }> {
  const uefi = options.boot?.uefi
  const node = uefi?.image === undefined ? undefined : tree.get(uefi.image)
  const esp = uefi?.esp ?? (node?.type === 'file' ? node.content : undefined)
  const none = { options, changed: [], entries: 0 }
  if (!uefi || !esp) return none
  let volume: FatImage
  try {
    volume = await readFat(esp)
  } catch (error) {
    warnings.push(`the EFI system partition was left as it is: ${(error as Error).message}`)
    return none
  }
  const { changed, entries } = await changeConfigs(volume.tree, change)
  if (changed.length === 0) return { ...none, entries }
  const { serialNumber = 0, label, clusterSize, type } = volume
  const { content } = layoutFat(dated(volume.tree, options.created), {
    serialNumber,
    size: esp.size,
    clusterSize,
    type,
    created: Math.max(Math.floor(options.created), FAT_EPOCH),
    ...(label !== undefined && { label }),
  })
  // Where it is a file of the tree as well, that shows the same.
  for (const { path, node: other } of tree)
    if (other.type === 'file' && (other === node || other.content === esp))
      tree.replace(path, { ...other, content })
  const edited = uefi.esp ? { ...uefi, esp: content } : uefi
  return { options: { ...options, boot: { ...options.boot, uefi: edited } }, changed, entries }
}
