import { type ByteSource, concat, fromBytes, fromText } from '@ros/bytes'
import { sha256, sha256Text } from '@ros/bytes/node'
import { gzip } from '@ros/compress'
import {
  composeImage,
  type Image,
  type Layer,
  tarLayer,
  writeDockerSave,
  writeTreeTar,
} from '@ros/images-tar'
import type { StoredSource } from '@ros/store'
import { file, symlink, Tree } from '@ros/tree'
import type { BuildContext } from '../build.ts'
import { inputFile } from '../input.ts'
import {
  bootVolume,
  bootVolumeSize,
  menuTemplates,
  type SystemFiles,
  systemDescription,
} from './boot-volume.ts'
import { imageIds } from './images.ts'
import { stepKey, treeKey } from './step-key.ts'

/** The loaders change seldom and are compressed once; the image is mostly `ros`, which packs quickly. */
const LEVEL = { loaders: 9, image: 6 } as const

/**
 * The installer image `rancher/os:<version>` as a docker-save tarball: `ros` as lay-down-os, and below /dist what it puts on disks. For the ISO
 * kernel and initrd are left out: the installer takes them from the ISO itself, where they are already, and proves them by their digests.
 */
export async function installerTar(
  context: BuildContext,
  system: SystemFiles,
  { medium }: { readonly medium: boolean },
): Promise<StoredSource> {
  const image = await installerImage(context, system, medium)
  const key = stepKey('installer', { ids: imageIds([image]), arch: context.recipe.arch, medium })
  return context.store.derived(key, () => {
    const tar = writeDockerSave([image])
    return medium ? gzip(tar, { level: LEVEL.image }) : tar
  })
}

async function installerImage(context: BuildContext, system: SystemFiles, medium: boolean): Promise<Image> {
  const { recipe, inputs, store, time } = context
  const add = (tree: Tree, path: string, content: ByteSource, mode = 0o644) =>
    tree.add(path, file(content, { mtime: time, mode }))
  const program = new Tree()
  for (const path of ['dev', 'proc', 'sys', 'run', 'tmp', 'usr/bin', 'dist'])
    program.addDirectories(path, { mtime: time })
  add(program, 'usr/bin/ros', await inputFile(store, inputs.ros, 'ros'), 0o755)
  program.add('usr/bin/lay-down-os', symlink('ros', { mtime: time }))
  program.merge(await payload(context, system), 'dist')
  const layers = [await layer(context, 'installer', program)]
  if (!medium) {
    const files = new Tree().addDirectories('dist', { mtime: time })
    add(files, 'dist/vmlinuz', system.vmlinuz)
    add(files, 'dist/initrd', system.initrd)
    layers.push(await layer(context, 'installer, system', files))
  }
  return composeImage({
    repoTags: [`rancher/os:${recipe.version}`],
    architecture: recipe.arch,
    layers,
    created: time,
    comment: 'rancheros-kit: installer',
    config: { Env: ['PATH=/usr/bin'], Entrypoint: ['/usr/bin/lay-down-os'] },
  })
}

async function layer({ store }: BuildContext, name: string, tree: Tree): Promise<Layer> {
  const tar = await store.derived(stepKey('layer', { name, files: await treeKey(tree) }), () =>
    writeTreeTar(tree),
  )
  return tarLayer(tar, tar.digest)
}

/** `rancheros/`: description of the system, boot volume without a system, menu entries, boot code, kernel arguments. */
async function payload(context: BuildContext, system: SystemFiles): Promise<Tree> {
  const { recipe, store, time } = context
  const tree = new Tree().addDirectories('rancheros/menu', { mtime: time })
  const add = (path: string, content: ByteSource) =>
    tree.add(`rancheros/${path}`, file(content, { mtime: time }))
  const serialNumber = Number.parseInt(sha256Text(`boot volume ${recipe.version}`).slice(7, 15), 16)
  const { layout, bootCode } = await bootVolume(context, { size: bootVolumeSize(system), serialNumber })
  const head = concat(
    layout.areas.filter(({ owner }) => owner !== 'free space').map(({ content }) => content),
  )
  const key = stepKey('boot volume', { digest: await sha256(head), level: LEVEL.loaders })
  add('boot.img.gz', await store.derived(key, () => gzip(head.open(), { level: LEVEL.loaders })))
  if (bootCode) add('gptmbr.bin', fromBytes(bootCode))
  add('append', fromText(`${recipe.disk.append}\n`))
  add('system.json', fromText(await systemDescription(system, recipe.version, recipe.arch)))
  for (const [name, text] of menuTemplates(recipe.version)) add(`menu/${name}`, fromText(text))
  return tree
}
