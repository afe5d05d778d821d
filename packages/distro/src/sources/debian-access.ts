import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import {
  type FetchProgress,
  fetchDebs,
  type HostApt,
  type MirrorAccess,
  type PackageIndex,
  privateApt,
  type RepositorySuite,
  readHostIndex,
  readRepositoryIndex,
} from '@ros/debian'
import { readKeyring, type Store } from '@ros/store'
import { DistroError } from '../error.ts'
import type { LockedPackage } from '../lock-schema.ts'
import type { Network } from '../network.ts'
import type { ProgressSink } from '../progress.ts'
import type { Recipe } from '../recipe-schema.ts'

/** Debian packages: what there is to choose from, and how they are fetched. */
export interface DebianAccess {
  /** Read when it is first asked for. */
  index(): Promise<PackageIndex>
  fetch(packages: readonly LockedPackage[], onProgress: (progress: FetchProgress) => void): Promise<void>
}

export interface DebianAccessOptions {
  readonly recipe: Recipe
  readonly folder: string
  readonly store: Store
  readonly network: Network
  /** Named by the user, before the recipe's. */
  readonly mirror: string | undefined
  readonly keyring: string | undefined
  readonly now: Date
  readonly report: ProgressSink
  readonly signal: AbortSignal | undefined
}

/** Through a mirror when one is named or the recipe says so, else through the host's apt. */
export function debianAccess(options: DebianAccessOptions): DebianAccess {
  const { recipe, store, network, report, signal } = options
  const once = <T>(make: () => Promise<T>) => {
    let made: Promise<T> | undefined
    return () => (made ??= make())
  }
  const apt = once(() => hostApt(options))
  const isHttp = once(() => viaHttp(options))
  const index = once(async () => {
    report({ step: 'resolve', text: 'reading package lists' })
    const { arch } = recipe
    if (!(await isHttp())) return readHostIndex({ ...(await apt()), architecture: debianArch(arch) })
    const repository = { ...mirrorAccess(options), keyring: await keyringOf(options), now: options.now }
    return readRepositoryIndex(repository, store, {
      architecture: debianArch(arch),
      onIndex: (name) => report({ step: 'resolve', text: `reading the packages of ${name}` }),
      ...(signal && { signal }),
    })
  })
  return {
    index,
    async fetch(packages, onProgress) {
      const how = { offline: network.offline, onProgress, ...(signal && { signal }) }
      const missing = await Promise.all(packages.map(({ digest, size }) => store.has(digest, size)))
      if (network.offline || missing.every(Boolean)) return fetchDebs(packages, store, how)
      if (await isHttp()) return fetchDebs(packages, store, { ...how, mirrors: mirrorAccess(options) })
      return fetchDebs(packages, store, { ...how, ...(await apt()) })
    },
  }
}

/** Debian's name of an architecture that Go and docker call otherwise. */
function debianArch(arch: string): string {
  return arch === 'arm' ? 'armhf' : arch
}

async function viaHttp({ recipe, mirror }: DebianAccessOptions): Promise<boolean> {
  if (mirror !== undefined) return true
  if (recipe.debian?.from !== undefined) return recipe.debian.from === 'http'
  return recipe.debian?.mirror !== undefined ? true : (await aptArchitecture()) === undefined
}

/** The host's own apt, or one with lists of its own for another architecture. */
async function hostApt({ recipe, store, network }: DebianAccessOptions): Promise<HostApt> {
  const architecture = debianArch(recipe.arch)
  if (network.offline || (await aptArchitecture()) === architecture) return {}
  return privateApt(join(store.directory, `apt-${architecture}`), { architecture, maxAgeMs: 86_400_000 })
}

/** What the host's apt installs for; undefined where there is no apt. */
async function aptArchitecture(): Promise<string | undefined> {
  try {
    const args = ['dump', '--format', '%v', 'APT::Architecture']
    return (await promisify(execFile)('apt-config', args)).stdout.trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function mirrorAccess({
  recipe,
  mirror,
  network,
}: DebianAccessOptions): MirrorAccess & { suites: readonly RepositorySuite[] } {
  const given = mirror ?? recipe.debian?.mirror
  const mirrors = typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : given
  const suites = recipe.debian?.suites
  if (mirrors === undefined || mirrors.length === 0) {
    throw new DistroError('ROS_DISTRO_MIRROR', 'no Debian mirror is named, and there is no apt here', {
      subject: 'debian.mirror',
      hint: 'name one: --mirror ADDRESS, the environment variable ROS_KIT_MIRROR, or debian.mirror in the recipe',
    })
  }
  if (suites === undefined) {
    throw new DistroError('ROS_DISTRO_MIRROR', 'the recipe names no suites', {
      subject: 'debian.suites',
      hint: 'for example: debian: { suites: [{ suite: bookworm }] }',
    })
  }
  const { rewrites } = network
  return { mirrors, suites, http: network.http('Debian packages'), rewrites }
}

async function keyringOf({ recipe, folder, keyring }: DebianAccessOptions) {
  const given = keyring ?? recipe.debian?.keyring
  if (given === undefined) {
    throw new DistroError('ROS_DISTRO_MIRROR', 'no keyring is named for the mirror', {
      subject: 'debian.keyring',
      hint: 'Debian’s own is in the package debian-archive-keyring: --keyring FILE, or debian.keyring in the recipe',
    })
  }
  const path = resolve(folder, given)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read the keyring', { subject: path, cause })
  })
  return readKeyring(bytes, path)
}
