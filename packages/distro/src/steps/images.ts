import {
  composeImage,
  dockerLayout,
  type Image,
  imageId,
  type Layer,
  tarLayer,
  writeDockerSave,
  writeTreeTar,
} from '@ros/images-tar'
import type { StoredSource } from '@ros/store'
import { directory, symlink, Tree } from '@ros/tree'
import { assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { mergedTree } from '../debs.ts'
import { inputKey, inputTree, setKey } from '../input.ts'
import { present } from '../inputs.ts'
import { prune } from '../prune.ts'
import type { ServiceRecipe } from '../recipe-schema.ts'
import { certificateBundle, osRelease } from './machine.ts'
import { stepKey, treeKey } from './step-key.ts'

/** `images.tar`: every service image in docker-save form, shared layers once; kept in the store by its inputs. */
export function imagesTar({ recipe, store }: BuildContext, images: readonly Image[]): Promise<StoredSource> {
  const inputs = { ids: imageIds(images), arch: recipe.arch }
  return store.derived(stepKey('images.tar', inputs), () => writeDockerSave(images))
}

/** What stands for images in a cache key. */
export function imageIds(images: readonly Image[]): unknown[] {
  return images.map((image) => [image.repoTags, imageId(image)])
}

/** System docker's data root with the images in it, as `docker load` would leave them: nothing is loaded at boot. */
export async function imageStoreTree(images: readonly Image[], mtime: number): Promise<Tree> {
  const dataRoot = 'var/lib/system-docker'
  return new Tree()
    .addDirectories('var/lib', { mtime })
    .add(dataRoot, directory({ mode: 0o710, mtime }))
    .merge(await dockerLayout(images, { mtime }), dataRoot)
}

/** The images `rancher/os-<service>:<version>`, all on one base layer. */
export async function serviceImages(context: BuildContext): Promise<Image[]> {
  const { recipe, inputs: given, store, time, report } = context
  report({ step: 'images', text: 'composing service images' })
  const assetsOf = (name: string) => treeKey(assetTree(name, time))
  const baseInputs = {
    packages: inputKey(present(given.base, 'base')),
    assets: await assetsOf('base'),
    version: recipe.version,
    time,
  }
  const base = await storedLayer(context, 'base', baseInputs, () => baseTree(context))
  const images: Image[] = []
  for (const [name, service] of Object.entries(recipe.images.services)) {
    report({ step: 'images', text: `composing os-${name}` })
    const packages = given.services.get(name) ?? []
    const assets = assetTree(name, time)
    const layers = [base]
    if (packages.length > 0 || assets.size > 0) {
      const inputs = { packages: setKey(packages), assets: await assetsOf(name), time }
      const tree = async () => prune(await mergedTree(store, packages)).merge(assets)
      layers.push(await storedLayer(context, name, inputs, tree))
    }
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

/** A layer whose tar is kept in the store by what it is made of, so that it is packed once. */
async function storedLayer(
  { store, report }: BuildContext,
  name: string,
  inputs: unknown,
  tree: () => Promise<Tree>,
): Promise<Layer> {
  report({ step: 'images', text: `packing layer ${name}` })
  const tar = await store.derived(stepKey('layer', { name, inputs }), async function* () {
    yield* writeTreeTar(await tree())
  })
  return tarLayer(tar, tar.digest)
}

/** A small Debian: its packages merged, with what their maintainer scripts would have put in place. */
async function baseTree({ store, inputs, recipe, time }: BuildContext): Promise<Tree> {
  const packages = await inputTree(store, present(inputs.base, 'base'))
  const bundle = certificateBundle(packages, time)
  const tree = prune(packages)
  tree.remove('usr/share/ca-certificates')
  const link = (path: string, target: string) => tree.replace(path, symlink(target, { mtime: time }))
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) link(name, `usr/${name}`)
  link('usr/bin/sh', 'bash')
  link('usr/bin/awk', 'mawk')
  link('usr/bin/pager', 'less')
  tree.addDirectories('usr/lib', { mtime: time })
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
    'var/empty',
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
