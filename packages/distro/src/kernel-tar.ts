import { basename, resolve } from 'node:path'
import { fileSource, replaceFile, sha256 } from '@ros/bytes/node'
import { gzip } from '@ros/compress'
import { writeTreeTar } from '@ros/images-tar'
import { openStore } from '@ros/store'
import { file, Tree } from '@ros/tree'
import type { ProgressSink } from './progress.ts'
import { kernelTree, readKernelSet } from './steps/kernel.ts'

export interface KernelTarOptions {
  /** `.deb` packages or tarballs: image, extra modules, firmware. */
  readonly files: readonly string[]
  readonly out: string
  readonly cache: string
  readonly onProgress?: ProgressSink
}

/** A kernel and its modules, written as one archive. */
export interface KernelTar {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** As `uname -r` prints it. */
  readonly release: string
}

/**
 * A kernel tarball as the os-kernel project made them: `boot/vmlinuz-RELEASE`, `lib/modules/RELEASE` with depmod's files, `lib/firmware`
 * (rancher/os v0.4.3, scripts/mk-kernel-tar-from-deb). The same packages give the same bytes.
 */
export async function kernelTar({ files, out, cache, onProgress }: KernelTarOptions): Promise<KernelTar> {
  const store = await openStore(cache)
  const report = onProgress ?? (() => undefined)
  const contents = []
  for (const path of files.map((one) => resolve(one))) {
    const content = await store.putFile(path, { digest: await sha256(fileSource(path)), subject: path })
    contents.push({ kind: 'content' as const, name: basename(path), content })
  }
  const input = { kind: 'contents' as const, contents }
  const set = await readKernelSet(store, input, report)
  const modules = await kernelTree(set, 'all', report)
  const { release } = set.kernel
  const mtime = set.time
  const tree = new Tree().addDirectories('boot', { mtime })
  tree.add(`boot/vmlinuz-${release}`, file(set.vmlinuz, { mtime }))
  for (const { path, node } of modules)
    if (path.startsWith('usr/lib')) tree.add(path.slice('usr/'.length), node)
  const size = await replaceFile(out, gzip(writeTreeTar(tree), { level: 6 }), {
    onProgress: (done) => report({ step: 'kernel-tar', text: `writing ${out}`, done }),
  })
  return { path: out, size, release }
}
