import type { Container, TreeContainer } from '../look/container.ts'

const WORDS: Record<Container['kind'], string> = {
  iso: 'ISO 9660',
  initrd: 'initrd',
  deb: 'Debian package',
  tar: 'tar',
  image: 'image',
  disk: 'disk',
  fat12: 'FAT12',
  fat16: 'FAT16',
  fat32: 'FAT32',
  ext2: 'ext2',
  ext3: 'ext3',
  ext4: 'ext4',
  'docker-save': 'docker-save archive',
  'oci-layout': 'OCI layout',
  gzip: 'gzip',
  zstd: 'zstd',
  xz: 'xz',
  lzma: 'lzma',
  lz4: 'lz4',
  bzip2: 'bzip2',
  qcow2: 'qcow2',
}

/** What a container is, in words: `initrd, zstd`. */
export function whatIs(container: Container): string {
  const packing = packingOf(container)
  return [WORDS[container.kind], ...(packing === undefined ? [] : [packing])].join(', ')
}

/** What the files in a container are packed with, where they are not in it as they are. */
export function packingOf(container: Container): string | undefined {
  if (container.type === 'content') return undefined
  if (container.compression !== undefined) return container.compression
  const { facts } = container
  if ('qcow2' in facts) return 'qcow2'
  if (container.kind === 'deb')
    return facts['compression'] === 'none' ? undefined : String(facts['compression'])
  if (container.kind !== 'initrd') return undefined
  const segments: readonly unknown[] = Array.isArray(facts['segments']) ? facts['segments'] : []
  const used = segments.map((segment) =>
    typeof segment === 'object' && segment !== null && 'compression' in segment
      ? segment.compression
      : 'none',
  )
  return [...new Set(used)].filter((name) => name !== 'none').join(' and ') || undefined
}

/** What the bytes of a container are for that no file has. */
export function restOf(kind: TreeContainer['kind'] | 'docker-save' | 'oci-layout'): string {
  switch (kind) {
    case 'iso':
      return 'descriptors, directories, padding'
    case 'disk':
      return 'outside of partitions'
    case 'fat12':
    case 'fat16':
    case 'fat32':
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return 'free space and tables'
    case 'initrd':
    case 'deb':
    case 'tar':
    case 'image':
    case 'docker-save':
    case 'oci-layout':
      return 'headers and padding'
  }
}
