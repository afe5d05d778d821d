// One run of ours, as a whole process: node iso-image.ts DIRECTORY FILE
import { readdirSync, statSync } from 'node:fs'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { layoutIso, writeIso } from '@ros/iso'
import { directory, file, Tree } from '@ros/tree'

const [, , root = '', output = ''] = process.argv

const tree = new Tree().add('boot', directory())
for (const name of readdirSync(`${root}/boot`)) {
  const { mtimeMs } = statSync(`${root}/boot/${name}`)
  tree.add(`boot/${name}`, file(fileSource(`${root}/boot/${name}`), { mtime: Math.floor(mtimeMs / 1000) }))
}
const layout = layoutIso(tree, { volumeId: 'BENCH', created: 1_700_000_000 })
await replaceFile(output, writeIso(layout, { reuseBuffers: true }))
