import type { SectorRun } from '@ros/iso'

/** What a thing that takes space is, as far as its first bytes and its name tell. */
export type SpaceKind = 'directory' | 'program' | 'module' | 'packed' | 'file' | 'others' | 'rest'

/** Something that takes space in a container. */
export interface SpaceNode {
  /** Unique in a `Space`: the row of the table has it. */
  readonly id: string
  readonly kind: SpaceKind
  /** Path in the container; of what is no file, words for it. */
  readonly path: string
  /** Last part of the path, of a directory that has nothing but another one the last parts. */
  readonly name: string
  /** What it is for, where a name says nothing: `layer 2 of busybox:1.36`. */
  readonly label?: string
  /** Bytes in the container that it stands in. */
  readonly size: number
  /** Files in it; 1 for a file. */
  readonly files: number
  /** Of a directory; largest first. Their sizes add up to its own. */
  readonly children: readonly SpaceNode[]
}

/** A container that was opened. */
export interface Level {
  readonly id: string
  /** `rancheros.iso:/boot/initrd`. */
  readonly name: string
  /** `initrd, zstd`. */
  readonly what: string
  /** Bytes of the container itself. */
  readonly stored: number
  /** Bytes of all that is in it; more than `stored` where it is compressed. */
  readonly size: number
  readonly files: number
  readonly nodes: readonly SpaceNode[]
  /** Of an ISO: who owns each of its sectors. */
  readonly sectors?: readonly SectorRun[]
}

/** What takes the space in a file or directory, and in what is nested in it. */
export interface Space {
  /** The target itself first; what is nested in a level comes after it. */
  readonly levels: readonly [Level, ...Level[]]
  /** Nodes that were opened, by their ids. */
  readonly inside: ReadonlyMap<string, Level>
  /** The node that a level but the first is, by the level's id. */
  readonly outside: ReadonlyMap<string, SpaceNode>
  /** What else is known of a node, by its id: `zstd, 2.1 MB unpacked`. */
  readonly notes: ReadonlyMap<string, string>
}
