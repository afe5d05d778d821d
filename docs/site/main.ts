// `npm run docs`: the site into docs/.vitepress/dist. `-- --base /FOLDER/` for a server that has it in a folder.
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSite } from './build.ts'
import { DIST, ROOT } from './place.ts'

const { values } = parseArgs({ options: { base: { type: 'string', default: '/' } } })
const broken = await buildSite({
  base: `/${values.base}/`.replace(/\/{2,}/g, '/'),
  say: (text) => process.stdout.write(`==> ${text}\n`),
})
for (const line of broken) process.stderr.write(`broken link: ${line}\n`)
if (broken.length === 0) process.stdout.write(`==> ready: ${relative(ROOT, DIST)}\n`)
process.exitCode = broken.length === 0 ? 0 : 1
