import { sha256Text } from '@ros/bytes/node'
import { createIndex, type PackageIndex, type PackageRecord } from '../src/index.ts'

/** A record of `name version`, and fields as a control file writes them. */
export function packageRecord(nameAndVersion: string, fields: Partial<PackageRecord> = {}): PackageRecord {
  const [name = '', version = '1'] = nameAndVersion.split(' ')
  return {
    name,
    version,
    architecture: 'amd64',
    source: { name, version },
    filename: `pool/${name}_${version}.deb`,
    size: 1,
    digest: sha256Text(`${nameAndVersion} ${JSON.stringify(fields)}`),
    essential: false,
    priority: 'optional',
    preDepends: '',
    depends: '',
    provides: '',
    conflicts: '',
    breaks: '',
    ...fields,
  }
}

export function indexOf(...records: PackageRecord[]): PackageIndex {
  return createIndex([{ preference: 500, records }], 'amd64')
}
