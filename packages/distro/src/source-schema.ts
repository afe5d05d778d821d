import { z } from 'zod'

const words = z.array(z.string().min(1))
const digits = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 lower-case hexadecimal digits')

/** A list of SHA-256 sums with an OpenPGP signature, as `sha256sum` writes it. */
export interface SignedList {
  checksums: string
  signature?: string | undefined
  keyring: string
}

/** A source as the recipe writes it: one key of `SOURCE_KINDS`, and what belongs to it. */
export interface SourceKeys {
  debian?: string[] | undefined
  without?: string[] | undefined
  url?: string | string[] | undefined
  signed?: SignedList | undefined
  file?: string | undefined
  files?: string[] | undefined
  sha256?: string | undefined
  image?: string | undefined
  daemon?: string | undefined
  inside?: string | undefined
  of?: SourceKeys | undefined
  build?: string | undefined
}

/** Each kind of source by the key that names it, and the keys that go with it. */
const KINDS = {
  debian: ['without'],
  url: ['sha256', 'signed'],
  file: ['sha256'],
  files: [],
  image: [],
  daemon: [],
  inside: ['of'],
  build: [],
} as const satisfies Record<string, readonly (keyof SourceKeys)[]>

export type SourceKind = keyof typeof KINDS

/** Of a file or a folder on a server. */
export const address = z.string().regex(/^https?:\/\/\S+$/, 'an address begins with https:// or http://')

const shapes = {
  /** Names of Debian packages; their dependencies come with them. */
  debian: words.min(1).optional().describe('Debian packages; what they depend on comes with them'),
  without: words.optional().describe('packages that are left out, with whatever only they depend on'),
  url: z
    .union([address, z.array(address).min(1)])
    .optional()
    .describe('where the file is to be had; several addresses are tried in their order'),
  signed: z
    .strictObject({
      checksums: address.describe('list of SHA-256 sums that has the name of the file'),
      signature: address.optional().describe('its signature, where it does not stand in the list itself'),
      keyring: z
        .string()
        .min(1)
        .describe('OpenPGP public keys that are trusted for it, relative to the recipe'),
    })
    .optional()
    .describe('a signed list of checksums that proves the file'),
  file: z.string().min(1).optional().describe('a file or directory, relative to the recipe'),
  files: words.min(1).optional().describe('several .deb or tar files, whose content is taken together'),
  sha256: digits.optional().describe('digest of the content'),
  image: z
    .string()
    .min(1)
    .optional()
    .describe('an image of a registry; `*` where all images of the configuration are meant'),
  daemon: z
    .string()
    .min(1)
    .optional()
    .describe('an image of a docker daemon ($DOCKER_HOST); `*` as for `image`'),
  inside: z.string().min(1).optional().describe('a path inside the ISO, initrd, tar or .deb that `of` names'),
  get of() {
    return anySource.optional().describe('what `inside` looks into')
  },
  build: z.string().min(1).optional().describe('folder of the Go module `ros`, relative to the recipe'),
}

/** A source that stands in another one, or beside it. */
export const anySource: z.ZodType<SourceKeys> = z.lazy(() =>
  sourceObject(['url', 'file', 'files', 'inside', 'debian']),
)

/**
 * A mapping that takes exactly one of these kinds of source, with the keys that belong to it, and `extra` keys of the part.
 * With `optional` it may have none.
 */
export function sourceObject<E extends z.ZodRawShape = Record<never, never>>(
  kinds: readonly SourceKind[],
  extra?: E,
  optional = false,
) {
  const keys = kinds.flatMap((kind): (keyof SourceKeys)[] => [kind, ...KINDS[kind]])
  const shape = Object.fromEntries(keys.map((key) => [key, shapes[key]])) as Pick<
    typeof shapes,
    keyof SourceKeys
  >
  return z.strictObject({ ...shape, ...(extra as E) }).superRefine((value, context) => {
    const given = value as SourceKeys
    const named = kinds.filter((kind) => given[kind] !== undefined)
    if (named.length > 1 || (named.length === 0 && !optional)) {
      const got = named.length > 1 ? `not ${named.join(' and ')} together` : 'none is there'
      context.addIssue({ code: 'custom', message: `name one source: ${kinds.join(', ')}; ${got}` })
      return
    }
    const [kind] = named
    const fitting: readonly string[] = kind === undefined ? [] : KINDS[kind]
    for (const key of keys) {
      if (given[key] === undefined || key === kind || fitting.includes(key)) continue
      context.addIssue({ code: 'custom', path: [key], message: `belongs to another kind of source` })
    }
    if (kind === 'inside' && given.of === undefined)
      context.addIssue({ code: 'custom', path: ['inside'], message: 'needs `of`: what to look into' })
  })
}
