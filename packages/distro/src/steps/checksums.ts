import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { fromText } from '@ros/bytes'
import { fileSource, replaceFile, sha256 } from '@ros/bytes/node'
import { temporaryPath } from '@ros/store'
import type { Artifact } from '../build.ts'
import type { ProgressSink } from '../progress.ts'

/**
 * `SHA256SUMS` of all artifacts, as `sha256sum -c` reads it, and `iso-checksums.txt` with upstream's two lines
 * (rancher/os v0.4.3, Makefile).
 */
export async function writeChecksums(
  out: string,
  artifacts: readonly Artifact[],
  report: ProgressSink,
): Promise<Artifact[]> {
  const sums: string[] = []
  const written: Artifact[] = []
  const write = async (name: string, text: string) => {
    const path = join(out, name)
    written.push({
      path,
      size: await replaceFile(path, fromText(text).open(), { temporary: `${temporaryPath(out)}.part` }),
    })
  }
  for (const { path } of [...artifacts].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = basename(path)
    report({ step: 'checksums', text: name })
    const hex = (await sha256(fileSource(path))).slice('sha256:'.length)
    sums.push(`${hex}  ${name}\n`)
    if (name.endsWith('.iso')) {
      const md5 = createHash('md5')
      for await (const chunk of fileSource(path).open()) md5.update(chunk)
      await write('iso-checksums.txt', `sha256: ${hex}  ${name}\nmd5: ${md5.digest('hex')}  ${name}\n`)
    }
  }
  await write('SHA256SUMS', sums.join(''))
  return written
}
