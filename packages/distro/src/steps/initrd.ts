import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type ByteSource, concat, zeros } from '@ros/bytes'
import { type Digest, fileSource, sha256, sha256Text } from '@ros/bytes/node'
import type { Image } from '@ros/images-tar'
import { segmentPadding, writeSegment } from '@ros/initrd'
import type { StoredSource } from '@ros/store'
import type { Tree } from '@ros/tree'
import { abortable } from '../abortable.ts'
import { assetText, assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { codeDigest } from '../code-digest.ts'
import { DistroError } from '../error.ts'
import { setKey } from '../inputs.ts'
import { imageIds, imageStoreTree } from './images.ts'
import { type KernelSet, kernelTree } from './kernel.ts'
import { engineTree, rosTree } from './machine.ts'
import { stepKey, treeKey } from './step-key.ts'

export interface InitrdStep {
  readonly initrd: ByteSource
  /** Names this very build: `ros` replaces the /usr tree of a state disk whose build is another. */
  readonly buildId: Digest
}

interface Segment {
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
  const { recipe, sets, time } = context
  const first: Segment[] = [
    {
      name: 'kernel',
      inputs: { kernel: setKey(sets.kernel), modules: recipe.kernel.modules, time },
      tree: () => kernelTree(kernel, recipe.kernel.modules, context.report),
    },
    {
      name: 'engine',
      inputs: {
        engine: setKey(sets.engine),
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
  const osConfig = (await assetText('os-config.yml')).replaceAll('${VERSION}', recipe.version)
  const ros = rosBinary(recipe.arch)
  const rosInputs = { ros: await sha256(ros), osConfig }
  const before = first.map(({ name, inputs }) => ({ name, inputs }))
  const buildId = sha256Text(JSON.stringify([codeDigest(), before, rosInputs]))
  const last: Segment = {
    name: 'ros',
    inputs: { ...rosInputs, buildId, time },
    tree: async () => rosTree(ros, osConfig, buildId, time),
  }
  const parts: ByteSource[] = []
  for (const segment of [...first, last]) {
    const stored = await compressedSegment(context, segment)
    parts.push(stored, zeros(segmentPadding(stored.size, context.compression.compression)))
  }
  return { initrd: concat(parts), buildId }
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

/** The built binary of the package @ros/init. */
function rosBinary(arch: string): ByteSource {
  const require = createRequire(import.meta.url)
  const path = require.resolve(`@ros/init/ros-linux-${arch}`)
  if (existsSync(path)) return fileSource(path)
  throw new DistroError('ROS_DISTRO_INPUT', 'ros is not built', {
    subject: path,
    hint: 'in a checkout: `npm run setup` (needs Go 1.24 or later)',
  })
}
