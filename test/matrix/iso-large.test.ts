import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { readIso } from '@ros/iso'
import { expect, test } from 'vitest'

// Gigabytes through a pipe: what is zero takes no room on the disk. genisoimage 1.1.11 writes such a size modulo 2³².
test('a file of 4400 MiB by xorriso reads to its last bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-large-'))
  try {
    mkdirSync(join(folder, 't'))
    const huge = join(folder, 't/huge')
    writeFileSync(huge, 'FIRST')
    truncateSync(huge, 4400 * 1024 ** 2 - 4)
    appendFileSync(huge, 'LAST')
    const image = join(folder, 'large.iso')
    const command = `xorriso -as mkisofs -quiet -iso-level 3 -R -o - ${folder}/t 2> /dev/null`
    execFileSync('sh', ['-ec', `${command} | cp --sparse=always /dev/stdin ${image}`])
    const { tree } = await readIso(fileSource(image))
    const node = tree.get('huge')
    if (node?.type !== 'file') throw new Error('huge is not there')
    const { size } = node.content
    expect(size).toBe(4_613_734_400)
    const part = async (offset: number, length: number) =>
      Buffer.from(await collect(node.content.open(offset, length), length)).toString()
    expect([await part(0, 5), await part(size - 4, 4)]).toEqual(['FIRST', 'LAST'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
