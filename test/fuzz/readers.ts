import { type ByteSource, BytesError, fromBytes } from '@ros/bytes'
import { CompressError, decompress, detectFormat } from '@ros/compress'
import { DebianError, debMembers, memberChunks, readDeb, readTar } from '@ros/debian'
import { DiskError, lintFat, looksLikeExt, readExt4, readFat, readQcow2 } from '@ros/disk'
import {
  ImagesTarError,
  indexTar,
  lintDockerSave,
  lintOciLayout,
  readDockerSave,
  readOciLayout,
  tarLayoutFiles,
} from '@ros/images-tar'
import { InitrdError, lintInitrd, readInitrd } from '@ros/initrd'
import { IsoError, lintIso, readIso, readSectors, remasterIso } from '@ros/iso'
import { KernelFetchError, moduleIndex, readKernel } from '@ros/kernel-fetch'
import { lintPartitions, PartitionsError, readPartitions } from '@ros/partitions'
import { file, Tree } from '@ros/tree'
import type { Seed } from './mutate.ts'
import type { Seeds } from './seeds.ts'

/** A reader under test: what it is fed, and the only classes of error that it may throw. */
export interface Reader {
  readonly name: string
  readonly seeds: readonly Seed[]
  readonly errors: readonly (new (...given: never[]) => Error)[]
  read(bytes: Uint8Array): Promise<void>
}

/** What decompression may give before it is stopped, in bytes: so that no input is a bomb. */
const MEMORY = 32 * 1024 ** 2
const MAX_FINDINGS = 100_000

export function makeReaders(seeds: Seeds): Reader[] {
  const initrd = [InitrdError, CompressError]
  return [
    {
      name: 'initrd read',
      seeds: seeds.initrd,
      errors: initrd,
      async read(bytes) {
        await readContents((await readInitrd(fromBytes(bytes), { memoryLimit: MEMORY })).tree)
      },
    },
    {
      name: 'initrd lint',
      seeds: seeds.initrd,
      errors: [InitrdError],
      read: (bytes) => drain(lintInitrd(fromBytes(bytes), { memoryLimit: MEMORY })),
    },
    {
      name: 'iso read',
      seeds: seeds.iso,
      errors: [IsoError],
      async read(bytes) {
        const { hierarchies, tree } = await readIso(fromBytes(bytes))
        await readContents(tree)
        for (const hierarchy of hierarchies) await readIso(fromBytes(bytes), { hierarchy })
      },
    },
    {
      name: 'iso read, lenient',
      seeds: seeds.iso,
      errors: [IsoError],
      async read(bytes) {
        await readContents((await readIso(fromBytes(bytes), { mode: 'lenient' })).tree)
      },
    },
    {
      name: 'iso sectors, remaster',
      seeds: seeds.iso,
      errors: [IsoError, PartitionsError],
      async read(bytes) {
        await readSectors(fromBytes(bytes))
        const { tree } = await remasterIso(fromBytes(bytes))
        await readContents(tree)
      },
    },
    {
      name: 'disk read',
      seeds: seeds.disk,
      errors: [DiskError, PartitionsError],
      async read(bytes) {
        const source = fromBytes(bytes)
        if (bytes[0] === 0x51) {
          let left = MEMORY
          const { content } = await readQcow2(source)
          for await (const chunk of content.open()) if ((left -= chunk.length) < 0) return
        } else if (await looksLikeExt(source)) await readContents((await readExt4(source)).tree)
        else if ((await readPartitions(source)) === undefined)
          await readContents((await readFat(source)).tree)
      },
    },
    {
      name: 'disk lint',
      seeds: seeds.disk,
      errors: [DiskError, PartitionsError],
      async read(bytes) {
        await drain(lintPartitions(fromBytes(bytes)))
        await drain(lintFat(fromBytes(bytes)))
      },
    },
    {
      name: 'iso lint',
      seeds: seeds.iso,
      errors: [IsoError],
      read: (bytes) => drain(lintIso(fromBytes(bytes))),
    },
    {
      name: 'docker-save read',
      seeds: seeds.dockerSave,
      errors: [ImagesTarError, CompressError],
      async read(bytes) {
        for (const { repoTags } of await readDockerSave(fromBytes(bytes))) repoTags.join()
      },
    },
    {
      name: 'docker-save lint',
      seeds: seeds.dockerSave,
      errors: [],
      read: (bytes) => drain(lintDockerSave(fromBytes(bytes))),
    },
    {
      name: 'OCI layout read',
      seeds: seeds.ociLayout,
      errors: [ImagesTarError, BytesError, CompressError],
      async read(bytes) {
        const files = await tarLayoutFiles(fromBytes(bytes))
        for (const { repoTags } of await readOciLayout(files, { maxLayerSize: MEMORY })) repoTags.join()
      },
    },
    {
      name: 'OCI layout lint',
      seeds: seeds.ociLayout,
      errors: [ImagesTarError],
      async read(bytes) {
        await drain(lintOciLayout(await indexTar(fromBytes(bytes))))
      },
    },
    {
      name: 'deb read',
      seeds: seeds.deb,
      errors: [DebianError, CompressError],
      async read(bytes) {
        await readDeb(fromBytes(bytes), 'fuzz')
        for await (const _ of memberChunks((await debMembers(fromBytes(bytes), 'fuzz')).data));
      },
    },
    {
      name: 'tar read',
      seeds: seeds.tar,
      errors: [DebianError],
      async read(bytes) {
        await readContents(await readTar(fromBytes(bytes), 'fuzz'))
      },
    },
    {
      name: 'kernel module read',
      seeds: seeds.module,
      errors: [KernelFetchError],
      async read(bytes) {
        const tree = new Tree()
          .addDirectories('boot')
          .add('boot/vmlinuz-6', file(fromBytes(new Uint8Array())))
          .addDirectories('lib/modules/6/kernel')
          .add('lib/modules/6/kernel/m.ko', file(fromBytes(bytes)))
        await moduleIndex(readKernel(tree))
      },
    },
    {
      name: 'decompress',
      seeds: seeds.compressed,
      errors: [CompressError],
      async read(bytes) {
        const format = detectFormat(bytes)
        let size = 0
        if (format === undefined) return
        for await (const chunk of decompress(fromBytes(bytes).open(), format))
          if ((size += chunk.length) > MEMORY) return
      },
    },
  ]
}

/** Every content must be readable to its end, or be refused before. */
async function readContents(tree: Tree): Promise<void> {
  let left = MEMORY
  const seen = new Set<ByteSource>()
  for (const { node } of tree) {
    if (node.type !== 'file' || seen.has(node.content)) continue
    seen.add(node.content)
    for await (const chunk of node.content.open()) left -= chunk.length
    if (left < 0) return
  }
}

async function drain(findings: AsyncIterable<unknown>): Promise<void> {
  let count = 0
  for await (const _ of findings) if (++count > MAX_FINDINGS) throw new Error('findings without end')
}
