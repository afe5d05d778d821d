import { z } from 'zod'

const words = z.array(z.string().min(1))
const digits = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 lower-case hexadecimal digits')

/** A source as the recipe writes it: one key of `SOURCE_KINDS`, and what belongs to it. */
export interface SourceKeys {
  debian?: string[] | undefined
  without?: string[] | undefined
  file?: string | undefined
  sha256?: string | undefined
  inside?: string | undefined
  of?: SourceKeys | undefined
  build?: string | undefined
}

/** Each kind of source by the key that names it, and the keys that go with it. */
const KINDS = {
  debian: ['without'],
  file: ['sha256'],
  inside: ['of'],
  build: [],
} as const satisfies Record<string, readonly (keyof SourceKeys)[]>

export type SourceKind = keyof typeof KINDS

const shapes = {
  /** Names of Debian packages; their dependencies come with them. */
  debian: words.min(1).optional().describe('Debian packages; what they depend on comes with them'),
  without: words.optional().describe('packages that are left out, with whatever only they depend on'),
  file: z.string().min(1).optional().describe('a file or directory, relative to the recipe'),
  sha256: digits.optional().describe('digest of the content'),
  inside: z.string().min(1).optional().describe('a path inside the ISO, initrd, tar or .deb that `of` names'),
  get of() {
    return anySource.optional().describe('what `inside` looks into')
  },
  build: z.string().min(1).optional().describe('folder of the Go module `ros`, relative to the recipe'),
}

const anySource: z.ZodType<SourceKeys> = z.lazy(() => sourceObject(['file', 'inside', 'debian']))

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
