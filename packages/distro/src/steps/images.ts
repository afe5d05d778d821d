import {
  composeImage,
  type Image,
  type Layer,
  tarLayer,
  treeLayer,
  writeDockerSave,
  writeTreeTar,
} from '@ros/images-tar'
import type { StoredSource } from '@ros/store'
import { symlink, Tree } from '@ros/tree'
import { assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { mergedTree } from '../debs.ts'
import { setKey } from '../inputs.ts'
import { prune } from '../prune.ts'
import type { ServiceRecipe } from '../recipe-schema.ts'
import { certificateBundle, osRelease } from './machine.ts'
import { stepKey, treeKey } from './step-key.ts'

/** What the layers of the images are made of, as text for cache keys. */
export async function imagesKey(context: BuildContext): Promise<string> {
  const { recipe, sets, time } = context
  const names = ['base', ...Object.keys(recipe.images.services)]
  const assets = await Promise.all(names.map((name) => treeKey(assetTree(name, time))))
  return stepKey('images', {
    images: recipe.images,
    version: recipe.version,
    time,
    base: setKey(sets.base),
    services: [...sets.services].map(([name, records]) => [name, setKey(records)]),
    assets,
  })
}

/** `images.tar`: every service image in docker-save form, shared layers once; kept in the store by its inputs. */
export async function imagesTar(context: BuildContext): Promise<StoredSource> {
  context.report({ step: 'images', text: 'composing service images' })
  return context.store.derived(await imagesKey(context), async function* () {
    yield* writeDockerSave(await serviceImages(context))
  })
}

/** The images `rancher/os-<service>:<version>`, all on one base layer. */
export async function serviceImages(context: BuildContext): Promise<Image[]> {
  const { recipe, sets, store, time, report } = context
  const base = await storedLayer(context, 'base', await baseTree(context))
  const images: Image[] = []
  for (const [name, service] of Object.entries(recipe.images.services)) {
    report({ step: 'images', text: `composing os-${name}` })
    const packages = prune(await mergedTree(store, sets.services.get(name) ?? []))
    const own = packages.merge(assetTree(name, time))
    const layers = own.size === 0 ? [base] : [base, await storedLayer(context, name, own)]
    images.push(composeServiceImage(context, name, service, layers))
  }
  return images
}

function composeServiceImage(
  { recipe, time }: BuildContext,
  name: string,
  service: ServiceRecipe,
  layers: readonly Layer[],
): Image {
  return composeImage({
    repoTags: [`rancher/os-${name}:${recipe.version}`],
    architecture: recipe.arch,
    layers,
    created: time,
    comment: `rancheros-kit: os-${name}`,
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...(service.entrypoint && { Entrypoint: service.entrypoint }),
      Cmd: service.command ?? ['/bin/bash'],
    },
  })
}

/** A layer whose tar is kept in the store, so that it is packed once and read back fast. */
async function storedLayer({ store, report }: BuildContext, name: string, tree: Tree): Promise<Layer> {
  const { diffId } = await treeLayer(tree)
  report({ step: 'images', text: `packing layer ${name}` })
  const tar = await store.derived(stepKey('layer', { diffId }), () => writeTreeTar(tree))
  return tarLayer(tar, diffId)
}

/** A small Debian: its packages merged, with what their maintainer scripts would have put in place. */
async function baseTree({ store, sets, recipe, time }: BuildContext): Promise<Tree> {
  const packages = await mergedTree(store, sets.base)
  const bundle = certificateBundle(packages, time)
  const tree = prune(packages)
  tree.remove('usr/share/ca-certificates')
  const link = (path: string, target: string) => tree.replace(path, symlink(target, { mtime: time }))
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) link(name, `usr/${name}`)
  link('usr/bin/awk', 'mawk')
  link('usr/bin/pager', 'less')
  tree.replace('usr/lib/os-release', osRelease(recipe.version, time))
  tree.addDirectories('etc/ssl/certs', { mtime: time })
  tree.replace('etc/ssl/certs/ca-certificates.crt', bundle)
  for (const path of [
    'dev',
    'proc',
    'sys',
    'run',
    'tmp',
    'mnt',
    'root',
    'home',
    'opt',
    'host',
    'var/log',
    'var/lib',
  ]) {
    tree.addDirectories(path, { mtime: time, ...(path === 'tmp' && { mode: 0o1777 }) })
  }
  link('var/run', '../run')
  // No account may share another machine's identity: each boot makes its own.
  tree.remove('etc/machine-id')
  return tree.merge(assetTree('base', time))
}
