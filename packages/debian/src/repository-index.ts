import { limited } from '@ros/bytes'
import { withDigest } from '@ros/bytes/node'
import { decompress } from '@ros/compress'
import { download, type Store } from '@ros/store'
import { createIndex, type PackageIndex, type RecordGroup } from './package-index.ts'
import { parsePackages } from './package-record.ts'
import { type ReleaseFile, releaseError } from './release-file.ts'
import {
  archivePath,
  fetchRelease,
  mirrorSources,
  type Repository,
  type RepositorySuite,
} from './repository.ts'

/** Which part of the repositories is read. */
export interface RepositoryIndexOptions {
  readonly architecture: string
  readonly signal?: AbortSignal
  /** Called with the name of each index before it is read. */
  readonly onIndex?: (name: string) => void
}

/** Debian's largest has 60 MB. */
const LIST_LIMIT = 1024 ** 3

/** Forms of a list, the smallest first. */
const FORMS = [
  ['.xz', 'xz'],
  ['.gz', 'gzip'],
  ['', undefined],
] as const

/**
 * The packages of all suites: each InRelease proven by its signature, each list of packages by the digest in it. Lists go into the
 * store; of suites that are not to be preferred (backports) a package is taken only where no other has it, as apt does.
 */
export async function readRepositoryIndex(
  repository: Repository,
  store: Store,
  options: RepositoryIndexOptions,
): Promise<PackageIndex> {
  const groups: RecordGroup[] = []
  for (const suite of repository.suites) {
    const release = await fetchRelease(repository, suite, store)
    for (const component of suite.components) {
      const name = `${suite.suite}/${component} ${options.architecture}`
      options.onIndex?.(name)
      const records = await readList(repository, suite, release, component, store, options)
      groups.push({ preference: release.preference, records })
    }
  }
  return createIndex(groups, options.architecture)
}

async function readList(
  repository: Repository,
  suite: RepositorySuite,
  release: ReleaseFile,
  component: string,
  store: Store,
  { architecture, signal }: RepositoryIndexOptions,
) {
  const subject = `${suite.suite}/${component} ${architecture}: list of packages`
  const folder = `${component}/binary-${architecture}`
  for (const [ending, format] of FORMS) {
    const path = `${folder}/Packages${ending}`
    const file = release.files.get(path)
    if (!file) continue
    const hex = file.digest.slice('sha256:'.length)
    const places = [...(release.acquireByHash ? [`${folder}/by-hash/SHA256/${hex}`] : []), path]
    const source = await download(store, {
      ...file,
      subject,
      from: places.flatMap((place) =>
        mirrorSources(repository, archivePath(suite, `dists/${suite.suite}/${place}`)),
      ),
      ...(signal && { signal }),
    })
    const plain = release.files.get(`${folder}/Packages`)
    const chunks = format ? decompress(source.open(), format) : source.open()
    // Where the Release file does not tell the length, what goes on and on is a bomb.
    const endless = (size: number) =>
      releaseError(subject, 'is longer than any list of packages', `${size} bytes or more`)
    return parsePackages(
      plain ? withDigest(chunks, plain, subject) : limited(chunks, LIST_LIMIT, endless),
      subject,
    )
  }
  throw releaseError(
    `${suite.suite}: InRelease`,
    'names no list of packages',
    folder,
    `it has ${release.components.join(', ')} for ${release.architectures.join(', ')}`,
  )
}
