import type { Tree } from '@ros/tree'
import { DistroError } from './error.ts'

const PAGE = 4096
const MIB = 1024 ** 2

/** Lengths in bytes of what is booted. */
export interface BootSizes {
  readonly vmlinuz: number
  readonly initrd: number
  /** What the initrd takes when it is unpacked: `unpackedSize`. */
  readonly unpacked: number
  /** EFI system partition inside an ISO. */
  readonly isoEsp?: number
}

/**
 * What the kernel keeps for itself before anything is unpacked: its own text and data, firmware's areas, early buffers. Measured with
 * Debian's 6.1 (`Memory: … available` of the boot log, without what is in proportion to memory).
 */
const KERNEL_RESERVE = 64 * MIB
/** A `struct page` of 64 bytes for each page (Documentation/mm/memory-model). */
const PAGE_STRUCTS = 64 / PAGE

/**
 * Memory in bytes that a machine needs to unpack the initrd. It is a tmpfs of half the memory that is left once the kernel and the
 * compressed initrd have theirs (init/do_mounts.c, mm/shmem.c: `shmem_default_max_blocks`); with less "Initramfs unpacking failed".
 * An estimate: it is enough, and a twentieth less is not (test/fit.test.ts).
 */
export function memoryToBoot({ initrd, unpacked }: Pick<BootSizes, 'initrd' | 'unpacked'>): number {
  return Math.ceil((2 * unpacked + initrd + KERNEL_RESERVE) / (1 - PAGE_STRUCTS))
}

/** What a tree takes in a tmpfs: whole pages, each hard-linked file once. */
export function unpackedSize(tree: Tree): number {
  const nodes = new Set([...tree].map(({ node }) => node))
  let size = 0
  for (const node of nodes) if (node.type === 'file') size += Math.ceil(node.content.size / PAGE) * PAGE
  return size
}

/** An artifact that is larger than what has to take it. */
export interface FitProblem {
  /** Which artifact does not fit where. */
  readonly subject: string
  readonly problem: string
  readonly got: number
  readonly limit: number
  readonly source: string
}

/** The limits of formats and boot loaders, in bytes. */
const LIMITS = [
  {
    size: 'initrd',
    subject: 'initrd',
    problem: 'the kernel cannot be given an initrd that ends above 2 GiB',
    limit: 2 ** 31 - 1,
    source: 'Documentation/arch/x86/boot.rst, initrd_addr_max',
  },
  {
    size: 'vmlinuz',
    subject: 'vmlinuz',
    problem: 'a file of a FAT volume ends at 4 GiB',
    limit: 2 ** 32 - 1,
    source: 'Microsoft FAT specification, DIR_FileSize',
  },
  {
    size: 'isoEsp',
    subject: 'EFI system partition of the ISO',
    problem: 'El Torito counts 65535 sectors of 512 bytes',
    limit: 65_535 * 512,
    source: 'El Torito 1.0, section entry, sector count',
  },
] as const

/** Everything that cannot be booted for its size; nothing when it fits. */
export function checkFit(sizes: BootSizes): FitProblem[] {
  return LIMITS.flatMap(({ size, ...fact }) => {
    const got = sizes[size] ?? 0
    return got > fact.limit ? [{ ...fact, got }] : []
  })
}

/** A machine with this much memory that will not unpack the initrd: a line for the user. */
export function memoryWarning(
  sizes: Pick<BootSizes, 'initrd' | 'unpacked'>,
  memory: number,
): string | undefined {
  const needed = memoryToBoot(sizes)
  if (memory >= needed) return undefined
  const mb = (bytes: number) => `${Math.ceil(bytes / MIB)} MB`
  return (
    `${mb(memory)} of memory will not do: the initrd unpacks to ${mb(sizes.unpacked)}, into half of what is left of it; ` +
    `expect "Initramfs unpacking failed" below ${mb(needed)} (--memory)`
  )
}

/** Throws `ROS_DISTRO_FIT` for the first problem. */
export function assertFit(sizes: BootSizes): void {
  const [first] = checkFit(sizes)
  if (!first) return
  throw new DistroError('ROS_DISTRO_FIT', first.problem, {
    subject: first.subject,
    got: `${first.got} bytes`,
    limit: `${first.limit} bytes, ${first.source}`,
    hint: 'leave packages or images out of the recipe, or compress the initrd better',
  })
}
