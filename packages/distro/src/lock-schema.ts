import type { PinnedDaemonImage, PinnedImage } from '@ros/images-tar/registry'
import { z } from 'zod'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/) as unknown as z.ZodType<`sha256:${string}`>
const size = z.int().min(0)
/** Below the root of any mirror: never absolute, never out of it. */
const poolPath = z.string().regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[\x21-\x7e]+$/)

const lockedPackage = z.strictObject({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  source: z.strictObject({ name: z.string(), version: z.string() }),
  filename: poolPath,
  size,
  digest,
})

const lockedContent = z.strictObject({ name: z.string(), size, digest })

const pinnedImage = z.strictObject({
  reference: z.string(),
  digest,
  platform: z.string(),
  size,
  index: digest.exactOptional(),
}) satisfies z.ZodType<PinnedImage>

const pinnedDaemonImage = z.strictObject({
  reference: z.string(),
  id: digest,
  platform: z.string(),
  size,
  layers: z.array(digest),
}) satisfies z.ZodType<PinnedDaemonImage>

/** One input as it was found. */
export type LockedInput =
  /** Names in the list of packages, as `name_version_architecture`. */
  | { packages: string[] }
  | { content: LockedContent }
  | { contents: LockedContent[] }
  /** A directory: the digest of its tree. */
  | { directory: `sha256:${string}` }
  /** Go sources: the digest of their tree. */
  | { module: `sha256:${string}` }
  | { images: PinnedImage[] }
  | { daemonImages: PinnedDaemonImage[] }
  | { inside: string; of: LockedInput }

const lockedInput: z.ZodType<LockedInput> = z.lazy(() =>
  z.union([
    z.strictObject({ packages: z.array(z.string()) }),
    z.strictObject({ content: lockedContent }),
    z.strictObject({ contents: z.array(lockedContent) }),
    z.strictObject({ directory: digest }),
    z.strictObject({ module: digest }),
    z.strictObject({ images: z.array(pinnedImage) }),
    z.strictObject({ daemonImages: z.array(pinnedDaemonImage) }),
    z.strictObject({ inside: z.string(), of: lockedInput }),
  ]),
)

/** `rancheros.lock.json`: what a recipe was resolved to. No host of a mirror is in it. */
export const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  recipe: z.strictObject({
    name: z.string(),
    version: z.string(),
    arch: z.string(),
    /** Of the recipe's values, not of its text: comments and order do not count. */
    digest,
  }),
  parts: z.record(z.string(), lockedInput),
  packages: z.array(lockedPackage),
})

/** A lock file's content: every input of a recipe by digest. */
export type Lock = z.infer<typeof lockSchema>
export type LockedPackage = z.infer<typeof lockedPackage>
export type LockedContent = z.infer<typeof lockedContent>
