import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configurationPage } from './configuration-page.ts'
import { kitPage } from './kit-page.ts'
import { code, page, table } from './markdown.ts'
import { packagesPages } from './packages-pages.ts'
import { DOCS, PUBLIC, REFERENCE, ROOT } from './place.ts'
import { recipePage } from './recipe-page.ts'
import { rosPage } from './ros-page.ts'
import type { Schema } from './schema-type.ts'
import { timelinePages } from './timeline-page.ts'

/** What the machine of `boot.json` was, and when ssh answered it: seconds since its kernel started. */
const RECORDED = {
  machine: 'TCG (an emulated processor), 2 processors, 2048 MB of memory',
  sshAnswers: 51.97,
}

/** Writes all that is made of the code: `REFERENCE` anew, and the picture that its page of a boot shows. */
export async function writeReference(): Promise<void> {
  const packages = await packagesPages()
  const boot = timelinePages(
    readFileSync(join(DOCS, 'site', 'boot.json'), 'utf8'),
    RECORDED.machine,
    RECORDED.sshAnswers,
  )
  const pages = new Map([
    ['index.md', overview([...packages.keys()])],
    ['configuration.md', configurationPage(readSchema('packages/init/internal/config/config.schema.json'))],
    ['recipe.md', recipePage(readSchema('packages/distro/recipe.schema.json'))],
    ['rancheros-kit.md', kitPage()],
    ['ros.md', rosPage()],
    ['timeline.md', boot.page],
    ...[...packages].map(([name, text]) => [`packages/${name}`, text] as const),
  ])
  rmSync(REFERENCE, { recursive: true, force: true })
  for (const [name, text] of pages) write(join(REFERENCE, name), text)
  write(join(PUBLIC, 'timeline.html'), boot.picture)
}

function overview(packages: readonly string[]): string {
  const rows = packages.map((file) => {
    const name = file.replace(/\.md$/, '')
    return [
      `[@ros/${name.replaceAll('.', '/')}](packages/${file})`,
      name.includes('.') ? '' : description(name),
    ]
  })
  return page([
    '# Reference',
    'All of these pages are made of the code when the site is built.',
    table(
      ['page', 'made of'],
      [
        ['[Configuration of a machine](configuration.md)', `the JSON Schema of ${code('ros config schema')}`],
        ['[Keys of a recipe](recipe.md)', `the JSON Schema of ${code('rancheros-kit schema')}`],
        ['[Command rancheros-kit](rancheros-kit.md)', "each command's definition"],
        ['[Command ros](ros.md)', "each command's help"],
        ['[A boot as a picture](timeline.md)', 'a boot that was recorded'],
      ],
    ),
    '## Packages',
    table(['package', 'what it is'], rows),
  ])
}

function description(name: string): string {
  return (readSchema(`packages/${name}/package.json`) as { description?: string }).description ?? ''
}

function readSchema(path: string): Schema {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Schema
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
