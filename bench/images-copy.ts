// One run of ours, as a whole process: node images-copy.mjs FROM FILE, where FROM is a docker-save archive or an OCI layout's directory. Prints its
// largest resident size in KiB.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gathered } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { directoryLayoutFiles, readDockerSave, readOciLayout, writeDockerSave } from '@ros/images-tar'

const [, , from = '', output = ''] = process.argv
const folder = mkdtempSync(join(dirname(output), 'layers-'))
let count = 0
const keep = async (chunks: AsyncIterable<Uint8Array>) => {
  count++
  const path = join(folder, String(count))
  await replaceFile(path, gathered(chunks))
  return fileSource(path)
}
try {
  const images = statSync(from).isDirectory()
    ? await readOciLayout(directoryLayoutFiles(from), { keep })
    : await readDockerSave(fileSource(from))
  await replaceFile(output, writeDockerSave(images, { reuseBuffers: true }))
} finally {
  rmSync(folder, { recursive: true })
}
process.stdout.write(`${process.resourceUsage().maxRSS}\n`)
