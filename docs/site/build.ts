import { join } from 'node:path'
import { brokenMarkdownLinks, markdownFiles } from './markdown-links.ts'
import { DIST, DOCS, PUBLIC, ROOT } from './place.ts'
import { runProgram } from './program.ts'
import { writeReference } from './reference.ts'
import { brokenSiteLinks } from './site-links.ts'

export interface SiteOptions {
  /** Folder of the server that the site is for, with slashes around it. */
  readonly base: string
  readonly say: (text: string) => void
}

/** Writes the references and the demo, builds the site into `DIST`, and gives every link that leads nowhere. */
export async function buildSite({ base, say }: SiteOptions): Promise<string[]> {
  say('references')
  await writeReference()
  say('demo')
  await runProgram(
    process.execPath,
    [join(ROOT, 'scripts', 'demo.mjs'), join(PUBLIC, 'demo', 'index.html')],
    ROOT,
  )
  say('site')
  await runProgram(join(DOCS, 'node_modules', '.bin', 'vitepress'), ['build', '--base', base], DOCS)
  say('links')
  return [...brokenMarkdownLinks(ROOT, markdownFiles(ROOT)), ...brokenSiteLinks(DIST, base)]
}
