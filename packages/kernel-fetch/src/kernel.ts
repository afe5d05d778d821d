import { type ByteSource, compareNames } from '@ros/bytes'
import type { Format } from '@ros/compress'
import { baseName, type FileNode, type Tree, type TreeNode } from '@ros/tree'
import { KernelFetchError } from './error.ts'
import { moduleName } from './module-name.ts'

/** A kernel and what belongs to it, as it lies in a tree. */
export interface Kernel {
  /** As `uname -r` prints it. */
  readonly release: string
  readonly vmlinuz: ByteSource
  readonly config?: ByteSource
  readonly systemMap?: ByteSource
  /** In bytewise order of their paths. */
  readonly modules: readonly ModuleFile[]
  /** `modules.order`, `modules.builtin`, `modules.builtin.modinfo`: the lists that the kernel's build made, by name. */
  readonly lists: ReadonlyMap<string, FileNode>
  /** Metadata of `lib/modules/RELEASE`. */
  readonly modulesMtime: number
}

/** A module as it lies in a tree. */
export interface ModuleFile {
  /** As lsmod prints it: with underscores, no ending. */
  readonly name: string
  /** Path inside `lib/modules/RELEASE`, ending in `.ko`, also where the file is compressed. */
  readonly path: string
  readonly node: FileNode
  /** How `node` is compressed. */
  readonly format?: Format
}

const MODULE_FOLDERS = ['lib/modules', 'usr/lib/modules']
const ENDINGS: readonly (readonly [string, Format | undefined])[] = [
  ['.ko', undefined],
  ['.ko.gz', 'gzip'],
  ['.ko.xz', 'xz'],
  ['.ko.zst', 'zstd'],
]

/**
 * Finds the kernel of a tree: `boot/vmlinuz-RELEASE`, or `boot/vmlinuz`, and the modules in `lib/modules/RELEASE` or `usr/lib/modules/RELEASE`.
 * Throws `ROS_KERNEL_FETCH_KERNEL` unless there is exactly one of each and their releases agree.
 */
export function readKernel(tree: Tree): Kernel {
  const images = namesWith(tree, 'boot', 'vmlinuz', 'file')
  const folders = MODULE_FOLDERS.flatMap((folder) =>
    namesWith(tree, folder, '', 'directory').map((release) => ({ folder, release })),
  )
  const [image, ...moreImages] = images
  if (image === undefined || moreImages.length > 0) {
    throw kernelError(
      'boot/vmlinuz*',
      images.map((name) => name.slice(1)),
      'put one linux-image package or kernel tarball into the tree',
    )
  }
  const [found, ...moreFolders] = folders
  if (!found || moreFolders.length > 0) {
    throw kernelError(
      'lib/modules/*',
      folders.map(({ folder, release }) => `${folder}/${release}`),
      'put the modules of one kernel into the tree',
    )
  }
  // `vmlinuz` alone, as some tarballs have it, is of the modules' release.
  if (image !== '' && image !== `-${found.release}`) {
    throw kernelError('lib/modules', [found.release], `boot/vmlinuz${image} needs modules of its own release`)
  }
  const { release } = found
  const vmlinuz = optionalFile(tree, `boot/vmlinuz${image}`)
  if (!vmlinuz) throw kernelError(`boot/vmlinuz${image}`, [], 'the kernel image must be a file')
  const root = `${found.folder}/${release}`
  const lists = new Map(
    ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'].flatMap((name) => {
      const node = optionalFile(tree, `${root}/${name}`)
      return node ? [[name, node] as const] : []
    }),
  )
  const config = optionalFile(tree, `boot/config-${release}`)?.content
  const systemMap = optionalFile(tree, `boot/System.map-${release}`)?.content
  return {
    release,
    vmlinuz: vmlinuz.content,
    ...(config && { config }),
    ...(systemMap && { systemMap }),
    modules: moduleFiles(tree, root),
    lists,
    modulesMtime: tree.get(root)?.mtime ?? 0,
  }
}

function moduleFiles(tree: Tree, root: string): ModuleFile[] {
  const byName = new Map<string, ModuleFile>()
  for (const { path, node } of tree) {
    if (node.type !== 'file' || !path.startsWith(`${root}/`)) continue
    const ending = ENDINGS.find(([text]) => path.endsWith(text))
    if (!ending) continue
    const [text, format] = ending
    const plain = `${path.slice(root.length + 1, -text.length)}.ko`
    const module = { name: moduleName(baseName(plain)), path: plain, node, ...(format && { format }) }
    const other = byName.get(module.name)
    byName.set(module.name, other ? preferred(other, module) : module)
  }
  return [...byName.values()].sort((a, b) => compareNames(a.path, b.path))
}

/** depmod's default order: what lies in updates/ replaces the module that the kernel came with. */
function preferred(a: ModuleFile, b: ModuleFile): ModuleFile {
  const updated = [a, b].filter(({ path }) => path.startsWith('updates/'))
  const [only, second] = updated
  if (only && !second) return only
  throw new KernelFetchError('ROS_KERNEL_FETCH_MODULE', 'there are two modules of this name', {
    subject: a.name,
    got: `${a.path} and ${b.path}`,
    limit: 'one, or a second one in updates/',
  })
}

function namesWith(tree: Tree, folder: string, prefix: string, type: TreeNode['type']): string[] {
  return tree
    .children(folder)
    .filter((name) => name.startsWith(prefix) && tree.get(`${folder}/${name}`)?.type === type)
    .map((name) => name.slice(prefix.length))
}

function optionalFile(tree: Tree, path: string): FileNode | undefined {
  const node = tree.get(path)
  return node?.type === 'file' ? node : undefined
}

function kernelError(subject: string, found: readonly string[], hint: string): KernelFetchError {
  const some = found.slice(0, 5).join(' ')
  return new KernelFetchError('ROS_KERNEL_FETCH_KERNEL', found.length > 1 ? 'more than one' : 'not found', {
    subject,
    got: found.length === 0 ? 'none' : some,
    limit: 'exactly one kernel',
    hint,
  })
}
