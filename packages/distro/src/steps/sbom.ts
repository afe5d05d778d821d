import { compareNames } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import type { Lock, LockedContent, LockedInput, LockedPackage } from '../lock-schema.ts'
import { KIT_VERSION } from '../version.ts'

const NONE = 'NOASSERTION'
const SYSTEM = 'SPDXRef-System'

export interface SbomOptions {
  readonly lock: Lock
  /** Seconds. */
  readonly time: number
}

/**
 * `sbom.spdx.json`: every package and file that the system is made of, with digest and source (SPDX 2.3, ISO/IEC 5962). Time and
 * namespace follow from the inputs: the same inputs give the same document.
 */
export function sbom({ lock, time }: SbomOptions): string {
  const { recipe } = lock
  const packages = [
    ...lock.packages.map(debianPackage),
    ...Object.entries(lock.parts).flatMap(([part, input]) =>
      contentsOf(input).map((one) => contentPackage(part, one)),
    ),
  ].sort((a, b) => compareNames(a.SPDXID, b.SPDXID))
  const unique = [...new Map(packages.map((one) => [one.SPDXID, one])).values()]
  const identity = sha256Text(JSON.stringify([recipe, unique])).slice('sha256:'.length)
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `RancherOS ${recipe.version} ${recipe.arch}`,
    documentNamespace: `https://spdx.org/spdxdocs/rancheros-${recipe.version}-${recipe.arch}-${identity}`,
    creationInfo: {
      created: new Date(time * 1000).toISOString().replace('.000Z', 'Z'),
      creators: [`Tool: rancheros-kit-${KIT_VERSION}`],
    },
    packages: [
      {
        SPDXID: SYSTEM,
        name: 'RancherOS',
        versionInfo: recipe.version,
        downloadLocation: NONE,
        filesAnalyzed: false,
        licenseConcluded: NONE,
        licenseDeclared: NONE,
        copyrightText: NONE,
        primaryPackagePurpose: 'OPERATING-SYSTEM',
      },
      ...unique,
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: SYSTEM },
      ...unique.map(({ SPDXID }) => ({
        spdxElementId: SYSTEM,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function debianPackage({ name, version, architecture, source, filename, digest }: LockedPackage) {
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`
  return {
    SPDXID: elementId(`deb-${name}`, digest),
    name,
    versionInfo: version,
    packageFileName: filename,
    supplier: 'Organization: Debian',
    downloadLocation: NONE,
    filesAnalyzed: false,
    checksums: checksums(digest),
    sourceInfo: `built from the source package ${source.name} ${source.version}`,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  }
}

function contentPackage(part: string, { name, digest }: LockedContent) {
  return {
    SPDXID: elementId(`file-${name}`, digest),
    name,
    packageFileName: name,
    downloadLocation: NONE,
    filesAnalyzed: false,
    checksums: checksums(digest),
    comment: `part of the recipe: ${part}`,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
  }
}

function checksums(digest: Digest) {
  return [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }]
}

/** Letters, digits, `.` and `-` (SPDX 2.3 §7.2); part of the digest keeps names apart that this makes one. */
function elementId(name: string, digest: Digest): string {
  return `SPDXRef-${name.replace(/[^A-Za-z0-9.-]/g, '-')}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`
}

function contentsOf(input: LockedInput): LockedContent[] {
  if ('of' in input) return contentsOf(input.of)
  if ('content' in input) return [input.content]
  if ('contents' in input) return input.contents
  if ('images' in input)
    return input.images.map(({ reference, digest, size }) => ({ name: reference, digest, size }))
  if ('daemonImages' in input)
    return input.daemonImages.map(({ reference, id, size }) => ({ name: reference, digest: id, size }))
  return []
}
