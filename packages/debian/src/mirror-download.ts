import { download, type Store } from '@ros/store'
import type { DebFile } from './package-record.ts'
import { archivePath, type MirrorAccess, mirrorSources } from './repository.ts'

/** Downloads at once: mirrors answer slowly and send fast. */
const AT_ONCE = 4

/**
 * Downloads packages from a repository's mirrors into the store, each proven by size and digest. `onBytes` gets how many have come
 * of all. What has come stays in the store when another package fails.
 */
export async function mirrorDownload(
  files: readonly DebFile[],
  store: Store,
  repository: MirrorAccess,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const queue = [...files]
  let bytes = 0
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      let before = 0
      await download(store, {
        digest: file.digest,
        size: file.size,
        subject: `${file.name} ${file.version}`,
        from: placesOf(file, repository).flatMap((path) => mirrorSources(repository, path)),
        ...(signal && { signal }),
        onProgress: (done) => {
          bytes += done - before
          before = done
          onBytes(bytes)
        },
      })
    }
  }
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** A record does not tell which archive it came from: each is asked, what comes is proven by its digest. */
function placesOf({ filename }: DebFile, { suites }: MirrorAccess): string[] {
  return [...new Set(suites.map((suite) => archivePath(suite, filename)))]
}
