// One run of ours over 6 GB, as a whole process; prints its peak resident memory in KB: node memory-run.ts KIND FOLDER

import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type ByteSource, concat, fromBytes, zeros } from '@ros/bytes'
import { fileSource, writeChunks } from '@ros/bytes/node'
import { readInitrd, type SegmentCompression, writeSegment } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { file, Tree } from '@ros/tree'
import { newcHeader } from '../packages/initrd/src/newc.ts'

const [, , kind = '', folder = ''] = process.argv

function tree(): Tree {
  const files = new Tree()
  for (const name of readdirSync(folder)) files.add(name, file(fileSource(`${folder}/${name}`)))
  return files
}

async function discard(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const sink = await open('/dev/null', 'w')
  await writeChunks(sink, chunks, '/dev/null')
  await sink.close()
}

/** An archive of files of 1 GB of zeros, made as it is read. */
function archive(count: number): ByteSource {
  const entry = (name: string, fileSize: number) => {
    const numbers = {
      uid: 0,
      gid: 0,
      nlink: 1,
      mtime: 0,
      devMajor: 0,
      devMinor: 0,
      rdevMajor: 0,
      rdevMinor: 0,
      check: 0,
    }
    const bytes = new Uint8Array(Math.ceil((newcHeader.size + name.length + 1) / 4) * 4)
    const header = {
      magic: '070701',
      ino: 1,
      mode: 0o100644,
      fileSize,
      nameSize: name.length + 1,
      ...numbers,
    }
    newcHeader.encodeInto(bytes, 0, header)
    bytes.set(new TextEncoder().encode(name), newcHeader.size)
    return fromBytes(bytes)
  }
  const files = Array.from({ length: count }, (_, i) => [
    entry(`file-${i}`, 1_000_000_000),
    zeros(1_000_000_000),
  ])
  return concat([...files.flat(), entry('TRAILER!!!', 0)])
}

switch (kind) {
  case 'iso':
    await discard(writeIso(layoutIso(tree(), { volumeId: 'BENCH', created: 0 }), { reuseBuffers: true }))
    break
  case 'read': {
    const read = await readInitrd(archive(6))
    if (read.tree.size !== 6) throw new Error(`${read.tree.size} files read`)
    for (const { node } of read.tree)
      if (node.type === 'file')
        for await (const chunk of node.content.open()) if (chunk.length === 0) throw new Error('empty')
    break
  }
  default: {
    const compression = kind as SegmentCompression
    const level = compression === 'gzip' || compression === 'zstd' ? { level: 1 } : {}
    const segment = { name: 'bench', tree: tree(), compression, ...level }
    await discard(writeSegment(segment, { reuseBuffers: true }))
  }
}
process.stdout.write(String(process.resourceUsage().maxRSS))
