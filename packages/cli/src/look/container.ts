import type { ByteSource } from '@ros/bytes'
import type { Format } from '@ros/compress'
import type { Tree } from '@ros/tree'

/** A file that was opened by what its bytes are. */
export type Container = TreeContainer | ImagesContainer | CompressedFile

/** Facts for people and for `--json`: values that JSON holds. */
export type Facts = Readonly<Record<string, unknown>>

export interface TreeContainer {
  readonly type: 'tree'
  readonly kind:
    | 'iso'
    | 'initrd'
    | 'deb'
    | 'tar'
    | 'image'
    | 'disk'
    | 'fat12'
    | 'fat16'
    | 'fat32'
    | 'ext2'
    | 'ext3'
    | 'ext4'
  /** What the whole file is compressed with. */
  readonly compression?: Format
  readonly tree: Tree
  /** What `inspect` shows. */
  readonly facts: Facts
  /** What two containers must have in common beside their trees: names to values. */
  readonly compared: Facts
  /** Of an ISO that is a disk too: its partitions but those that show the ISO itself, by number. A path is looked up here last. */
  readonly partitions?: Tree
}

/** A docker-save archive or an OCI layout: images by name, and the members of the tar or directory itself. */
export interface ImagesContainer {
  readonly type: 'images'
  readonly kind: 'docker-save' | 'oci-layout'
  readonly compression?: Format
  readonly tree: Tree
  readonly images: readonly ContainedImage[]
  readonly facts: Facts
}

export interface ContainedImage {
  /** `sha256:` and digits. */
  readonly id: string
  readonly tags: readonly string[]
  readonly facts: Facts
  /** The file system that a container of the image starts with: all layers, one over the other. */
  open(): Promise<TreeContainer>
}

/** Something compressed that is no container when it is decompressed, or the disk in a qcow2 image that is none. */
export interface CompressedFile {
  readonly type: 'content'
  readonly kind: Format | 'qcow2'
  readonly content: ByteSource
  readonly facts: Facts
}

/** How many nodes of each type, in a fixed order. */
export function countNodes(tree: Tree): Facts {
  const counts: Record<string, number> = {}
  for (const type of ['directory', 'file', 'symlink', 'character', 'block', 'fifo', 'socket'])
    counts[type] = 0
  let contentBytes = 0
  for (const { node } of tree) {
    counts[node.type] = (counts[node.type] ?? 0) + 1
    if (node.type === 'file') contentBytes += node.content.size
  }
  const present = Object.entries(counts).filter(([, count]) => count > 0)
  return { ...Object.fromEntries(present), contentBytes }
}
