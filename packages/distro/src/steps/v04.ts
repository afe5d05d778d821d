import { fromText } from '@ros/bytes'
import { type Digest, sha256, sha256Text } from '@ros/bytes/node'
import { type Image, overlayLayout } from '@ros/images-tar'
import { directory, file, symlink, Tree } from '@ros/tree'
import type { BuildContext } from '../build.ts'
import { codeDigest } from '../code-digest.ts'
import { DistroError } from '../error.ts'
import { inputFile, inputImages, inputKey, inputTree } from '../input.ts'
import { present } from '../inputs.ts'
import { configImages } from '../os-config.ts'
import { imageIds, imagesTar } from './images.ts'
import type { Segment } from './initrd.ts'
import type { KernelSet } from './kernel.ts'
import { osConfigText, type System } from './system.ts'

/**
 * The system as rancher/os v0.4.3 laid it out (scripts/mk-initrd.sh): one archive with `ros`, docker 1.10, the `usr` of a docker
 * image, the kernel's `lib`, and images.tar, which system docker loads at boot.
 */
export async function v04System(
  context: BuildContext,
  kernel: KernelSet | undefined,
  images: readonly Image[],
): Promise<System> {
  const { recipe, store, inputs, time } = context
  const osConfig = await osConfigText(context)
  const ros = await inputFile(store, inputs.ros, 'ros')
  const common = {
    ros: await sha256(ros),
    osConfig,
    docker: inputKey(present(inputs.docker, 'docker')),
    engine: inputKey(inputs.engine),
    exclude: recipe.engine.exclude,
    images: imageIds(images),
    time,
  }
  const system: Segment = {
    name: 'system',
    inputs: { ...common, kernel: inputs.kernel && inputKey(inputs.kernel) },
    async tree() {
      const tree = await baseTree(context, osConfig)
      if (kernel) tree.merge(libTree(kernel.tree, time))
      return tree.add('usr/share/ros/images.tar', file(await imagesTar(context, images), { mtime: time }))
    },
  }
  const rootfs: Segment = {
    name: 'rootfs',
    inputs: common,
    async tree() {
      const tree = await baseTree(context, osConfig)
      return tree.merge(await overlayLayout(images, { mtime: time }), 'var/lib/system-docker')
    },
  }
  const buildId: Digest = sha256Text(JSON.stringify([codeDigest(), system.inputs]))
  return { segments: kernel ? [system] : [], buildId, rootfs }
}

/** The images that the configuration names, in their order. Throws `ROS_DISTRO_INPUT` for one that the source lacks. */
export async function v04Images(context: BuildContext): Promise<Image[]> {
  const { recipe, store, inputs } = context
  const names = configImages(await osConfigText(context), recipe.version)
  const found = await inputImages(store, present(inputs.images, 'images'))
  return names.map((name) => {
    const image = found.find(({ repoTags }) => repoTags.includes(name))
    if (image) return { ...image, repoTags: [name] }
    throw new DistroError('ROS_DISTRO_INPUT', 'the images lack one that the configuration names', {
      subject: name,
      got: found.flatMap(({ repoTags }) => repoTags).join(', '),
    })
  })
}

/** All but kernel and images. */
async function baseTree({ recipe, store, inputs, time }: BuildContext, osConfig: string): Promise<Tree> {
  const excluded = new Set(recipe.engine.exclude)
  const image = await inputTree(store, inputs.engine)
  const tree = image.filter(({ path }) => (path === 'usr' || path.startsWith('usr/')) && !excluded.has(path))
  tree.root = directory({ mtime: time })
  for (const path of ['usr/bin', 'usr/share/ros', 'var/lib/system-docker'])
    tree.addDirectories(path, { mtime: time })
  const put = async (path: string, input: Parameters<typeof inputFile>[1]) =>
    tree.replace(path, file(await inputFile(store, input, path), { mode: 0o755, mtime: time }))
  await put('usr/bin/ros', inputs.ros)
  await put('usr/bin/docker', present(inputs.docker, 'docker'))
  tree.replace('usr/share/ros/os-config.yml', file(fromText(osConfig), { mtime: time }))
  const link = (path: string, target: string) => tree.replace(path, symlink(target, { mtime: time }))
  link('init', 'usr/bin/ros')
  link('sbin', 'usr/sbin')
  link('usr/sbin', 'bin')
  return tree
}

/** The kernel's `lib` as it is, below `usr`. */
function libTree(kernel: Tree, mtime: number): Tree {
  const tree = new Tree().addDirectories('usr/lib', { mtime })
  for (const { path, node } of kernel) {
    if (path.startsWith('lib/')) tree.replace(`usr/${path}`, node)
    else if (path.startsWith('usr/lib/')) tree.replace(path, node)
  }
  return tree
}
