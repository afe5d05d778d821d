import { type ByteSource, concat, readAll, zeros } from '@ros/bytes'
import { type Digest, sha256, sha256Text } from '@ros/bytes/node'
import type { Image } from '@ros/images-tar'
import { segmentPadding, writeSegment } from '@ros/initrd'
import type { StoredSource } from '@ros/store'
import type { Tree } from '@ros/tree'
import { abortable } from '../abortable.ts'
import { assetText, assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { codeDigest } from '../code-digest.ts'
import { inputFile, inputKey } from '../input.ts'
import { imageIds, imageStoreTree } from './images.ts'
import { type KernelSet, kernelTree } from './kernel.ts'
import { engineTree, rosTree } from './machine.ts'
import { stepKey, treeKey } from './step-key.ts'

export interface InitrdStep {
  readonly initrd: ByteSource
  /** Names this very build: `ros` replaces the /usr tree of a state disk whose build is another. */
  readonly buildId: Digest
  /** What it consists of, in its order. */
  readonly segments: readonly Segment[]
}

/** One archive of the initrd. */
export interface Segment {
  readonly name: string
  /** Everything that the tree depends on. */
  readonly inputs: unknown
  readonly tree: () => Promise<Tree>
}

/**
 * The initrd: a chain of archives, each compressed on its own and kept in the store by its inputs, so that a change to
 * `ros` recompresses only the last.
 */
export async function buildInitrd(
  context: BuildContext,
  kernel: KernelSet,
  images: readonly Image[],
): Promise<InitrdStep> {
  const { recipe, store, inputs, time } = context
  const first: Segment[] = [
    {
      name: 'kernel',
      inputs: { kernel: inputKey(inputs.kernel), modules: recipe.kernel.modules, time },
      tree: () => kernelTree(kernel, recipe.kernel.modules, context.report),
    },
    {
      name: 'engine',
      inputs: {
        engine: inputKey(inputs.engine),
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
  const osConfig = (await osConfigText(context)).replaceAll('${VERSION}', recipe.version)
  const ros = await inputFile(store, inputs.ros, 'ros')
  const rosInputs = { ros: await sha256(ros), osConfig }
  const before = first.map(({ name, inputs }) => ({ name, inputs }))
  const buildId = sha256Text(JSON.stringify([codeDigest(), before, rosInputs]))
  const last: Segment = {
    name: 'ros',
    inputs: { ...rosInputs, buildId, time },
    tree: async () => rosTree(ros, osConfig, buildId, time),
  }
  const parts: ByteSource[] = []
  const segments = [...first, last]
  for (const segment of segments) {
    const stored = await compressedSegment(context, segment)
    parts.push(stored, zeros(segmentPadding(stored.size, context.compression.compression)))
  }
  return { initrd: concat(parts), buildId, segments }
}

async function compressedSegment(context: BuildContext, segment: Segment): Promise<StoredSource> {
  const { store, report, signal, compression } = context
  const key = stepKey(`segment ${segment.name}`, { inputs: segment.inputs, compression })
  return store.derived(key, async function* () {
    const step = `segment ${segment.name}`
    const text = `archived and compressed (${compression.compression} -${compression.level})`
    const tree = await segment.tree()
    let done = 0
    report({ step, text, done })
    yield* abortable(writeSegment({ name: segment.name, tree, ...compression }), signal, (length) => {
      done += length
      report({ step, text, done })
    })
  })
}

/** The default configuration: the recipe's own file, or the kit's. */
async function osConfigText({ store, inputs }: BuildContext): Promise<string> {
  if (!inputs.osConfig) return assetText('os-config.yml')
  const content = await inputFile(store, inputs.osConfig, 'osConfig')
  return new TextDecoder().decode(await readAll(content, 1_048_576))
}
