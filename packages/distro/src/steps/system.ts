import { readAll } from '@ros/bytes'
import { type Digest, sha256, sha256Text } from '@ros/bytes/node'
import type { Image } from '@ros/images-tar'
import { Tree } from '@ros/tree'
import { assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { codeDigest } from '../code-digest.ts'
import { inputFile, inputKey } from '../input.ts'
import { present } from '../inputs.ts'
import { builtInConfig } from '../os-config.ts'
import { imageIds, imageStoreTree } from './images.ts'
import type { Segment } from './initrd.ts'
import { type KernelSet, kernelTree, moduleNames } from './kernel.ts'
import { engineTree, rosTree } from './machine.ts'
import { treeKey } from './step-key.ts'

/** What a layout makes of the inputs. */
export interface System {
  /** Of the initrd, in its order; none without a kernel. */
  readonly segments: readonly Segment[]
  /** Names this very build: `ros` replaces the /usr tree of a state disk whose build is another. */
  readonly buildId: Digest
  /** The system without a kernel: `rootfs.tar.gz`. */
  readonly rootfs: Segment
}

/** The system as it is now: kernel modules, engine, service images in docker's store, and `ros`, a segment each. */
export async function currentSystem(
  context: BuildContext,
  kernel: KernelSet,
  images: readonly Image[],
): Promise<System> {
  const { recipe, store, inputs, time } = context
  const modules = recipe.kernel?.modules ?? 'all'
  const first: Segment[] = [
    {
      name: 'kernel',
      inputs: { kernel: inputKey(present(inputs.kernel, 'kernel')), modules, time },
      tree: () => kernelTree(kernel, moduleNames(modules, recipe.arch), context.report),
    },
    {
      name: 'engine',
      inputs: {
        engine: inputKey(inputs.engine),
        ...(inputs.docker && { docker: inputKey(inputs.docker) }),
        programs: recipe.engine.programs,
        version: recipe.version,
        assets: await treeKey(assetTree('machine', time)),
        time,
      },
      tree: () => engineTree(context),
    },
    {
      name: 'images',
      inputs: { images: imageIds(images), time },
      tree: () => imageStoreTree(images, time),
    },
  ]
  const osConfig = await osConfigText(context)
  const ros = await inputFile(store, inputs.ros, 'ros')
  const rosInputs = { ros: await sha256(ros), osConfig }
  const before = first.map(({ name, inputs: given }) => ({ name, inputs: given }))
  const buildId = sha256Text(JSON.stringify([codeDigest(), before, rosInputs]))
  const last: Segment = {
    name: 'ros',
    inputs: { ...rosInputs, buildId, time },
    tree: async () => rosTree(ros, osConfig, buildId, time),
  }
  const segments = [...first, last]
  const system = segments.filter(({ name }) => name !== 'kernel')
  const rootfs: Segment = {
    name: 'rootfs',
    inputs: system.map(({ name, inputs: given }) => ({ name, inputs: given })),
    async tree() {
      const tree = new Tree()
      for (const segment of system) tree.merge(await segment.tree())
      return tree
    },
  }
  return { segments, buildId, rootfs }
}

/** The default configuration, the recipe's own file or a built-in one, with the version filled in. */
export async function osConfigText({ recipe, store, inputs }: BuildContext): Promise<string> {
  const text = inputs.osConfig
    ? new TextDecoder().decode(await readAll(await inputFile(store, inputs.osConfig, 'osConfig'), 1_048_576))
    : await builtInConfig(recipe.osConfig)
  return text.replaceAll('${VERSION}', recipe.version)
}
