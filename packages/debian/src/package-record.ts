import { checkDigest, type Digest } from '@ros/bytes/node'
import { type Paragraph, paragraphReader } from './deb822.ts'
import { DebianError } from './error.ts'
import { checkVersion } from './version.ts'

/** One package of an index: a stanza of `Packages` (Debian Policy §5.3, repository format "Packages Indices"). */
export interface PackageRecord {
  readonly name: string
  readonly version: string
  /** `all`, or the one architecture that it runs on. */
  readonly architecture: string
  /** The source package that it was built from, by name and version. */
  readonly source: { readonly name: string; readonly version: string }
  /** Where the file lies below the root of any mirror: `pool/main/b/bash/bash_5.2.15-2_amd64.deb`. */
  readonly filename: string
  /** Size of the .deb in bytes. */
  readonly size: number
  /** Digest of the .deb. */
  readonly digest: Digest
  readonly essential: boolean
  /** required, important, standard, optional or extra (policy §2.5); '' when the index does not say. */
  readonly priority: string
  /** Relation fields as written, '' when absent: see `parseRelations`. */
  readonly preDepends: string
  readonly depends: string
  readonly provides: string
  readonly conflicts: string
  readonly breaks: string
}

/** What is needed to fetch and to prove a package: every `PackageRecord` is one. */
export type DebFile = Pick<
  PackageRecord,
  'name' | 'version' | 'architecture' | 'filename' | 'size' | 'digest'
>

const wanted = new Set([
  'package',
  'version',
  'architecture',
  'source',
  'filename',
  'size',
  'sha256',
  'essential',
  'priority',
  'pre-depends',
  'depends',
  'provides',
  'conflicts',
  'breaks',
])

/**
 * Reads a `Packages` index. `subject` names it in errors. Throws `ROS_DEBIAN_SYNTAX` with the line for a stanza that
 * lacks a field or has one that cannot be true.
 */
export async function parsePackages(
  input: string | AsyncIterable<Uint8Array>,
  subject: string,
): Promise<PackageRecord[]> {
  const reader = recordReader(subject)
  if (typeof input === 'string') reader.push(new TextEncoder().encode(input))
  else for await (const chunk of input) reader.push(chunk)
  return reader.end()
}

/** As `parsePackages`, for bytes that come as they come. */
export function recordReader(subject: string): { push(bytes: Uint8Array): void; end(): PackageRecord[] } {
  const reader = paragraphReader(subject, wanted)
  const records: PackageRecord[] = []
  const take = (paragraphs: readonly Paragraph[]) => {
    for (const paragraph of paragraphs) records.push(toRecord(paragraph, subject))
  }
  return {
    push: (bytes) => take(reader.push(bytes)),
    end() {
      take(reader.end())
      return records
    },
  }
}

function toRecord({ line, fields }: Paragraph, index: string): PackageRecord {
  const subject = `${index}, line ${line}`
  const optional = (name: string) => fields.get(name) ?? ''
  const required = (name: string, rule: RegExp) => {
    const value = fields.get(name)
    if (value !== undefined && rule.test(value)) return value
    throw new DebianError(
      'ROS_DEBIAN_SYNTAX',
      value === undefined ? `no ${name}` : `${name} cannot be that`,
      {
        subject,
        ...(value !== undefined && { got: JSON.stringify(value.slice(0, 80)) }),
      },
    )
  }
  const name = required('package', /^[a-zA-Z0-9][a-zA-Z0-9+.-]+$/)
  const version = checkVersion(required('version', /./), subject)
  return {
    name,
    version,
    architecture: required('architecture', /^[a-z0-9][a-z0-9-]*$/),
    source: parseSource(optional('source'), name, version, subject),
    filename: required('filename', /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[\x21-\x7e]+$/),
    size: Number(required('size', /^\d{1,15}$/)),
    digest: checkDigest(`sha256:${required('sha256', /^[0-9a-f]{64}$/)}`, subject),
    essential: optional('essential') === 'yes',
    priority: optional('priority'),
    preDepends: optional('pre-depends'),
    depends: optional('depends'),
    provides: optional('provides'),
    conflicts: optional('conflicts'),
    breaks: optional('breaks'),
  }
}

/** `Source: name (version)`; name and version are left out where they are the package's own (policy §5.6.1). */
function parseSource(text: string, name: string, version: string, subject: string): PackageRecord['source'] {
  if (text === '') return { name, version }
  const [, source, given] = /^([a-zA-Z0-9][a-zA-Z0-9+.-]+)(?:\s+\(([^()\s]+)\))?$/.exec(text) ?? []
  if (source === undefined) {
    throw new DebianError('ROS_DEBIAN_SYNTAX', 'not a source package', { subject, got: JSON.stringify(text) })
  }
  return { name: source, version: given ?? version }
}
