import { basename } from 'node:path'
import { compareNames } from '@ros/bytes'
import { type Digest, fileSource, sha256 } from '@ros/bytes/node'
import type { Artifact } from '../build.ts'
import type { Lock, LockedInput } from '../lock-schema.ts'
import { KIT_VERSION } from '../version.ts'

export interface BuildInfoOptions {
  readonly lock: Lock
  readonly artifacts: readonly Artifact[]
  /** What was asked for beside the recipe: names of options and their values. */
  readonly options: Readonly<Record<string, unknown>>
}

interface Resource {
  readonly name: string
  readonly digest: Readonly<Record<string, string>>
}

/**
 * `build-info.json`: which files were built from which inputs, as an in-toto statement (v1) with SLSA provenance (v1). It has no time and
 * no place in it: two builds of the same inputs say the same. It is not signed.
 */
export async function buildInfo({ lock, artifacts, options }: BuildInfoOptions): Promise<string> {
  const { name, version, arch, digest } = lock.recipe
  const dependencies = [
    ...lock.packages.map((one) => resource(`${one.name}_${one.version}_${one.architecture}.deb`, one.digest)),
    ...Object.entries(lock.parts).flatMap(([part, input]) => inputResources(part, input)),
  ]
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: await Promise.all(
      [...artifacts]
        .sort((a, b) => compareNames(a.path, b.path))
        .map(async ({ path }) => resource(basename(path), await sha256(fileSource(path)))),
    ),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:rancheros-kit:build:v1',
        externalParameters: { recipe: { name, version, arch, digest }, ...options },
        internalParameters: {},
        resolvedDependencies: dependencies.sort((a, b) => compareNames(a.name, b.name)),
      },
      runDetails: { builder: { id: 'urn:rancheros-kit', version: { 'rancheros-kit': KIT_VERSION } } },
    },
  }
  return `${JSON.stringify(statement, undefined, 2)}\n`
}

function inputResources(part: string, input: LockedInput): Resource[] {
  if ('of' in input) return inputResources(part, input.of)
  if ('content' in input) return [resource(`${part}: ${input.content.name}`, input.content.digest)]
  if ('contents' in input)
    return input.contents.map(({ name, digest }) => resource(`${part}: ${name}`, digest))
  if ('images' in input)
    return input.images.map(({ reference, digest }) => resource(`${part}: ${reference}`, digest))
  if ('daemonImages' in input)
    return input.daemonImages.map(({ reference, id }) => resource(`${part}: ${reference}`, id))
  if ('directory' in input) return [resource(`${part}: directory`, input.directory)]
  if ('module' in input) return [resource(`${part}: Go module`, input.module)]
  return []
}

function resource(name: string, digest: Digest): Resource {
  return { name, digest: { sha256: digest.slice('sha256:'.length) } }
}
