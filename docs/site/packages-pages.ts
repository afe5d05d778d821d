import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isExternal } from './address.ts'
import { page } from './markdown.ts'
import { anchorsOf } from './markdown-links.ts'
import { DOCS, ROOT } from './place.ts'
import { runProgram } from './program.ts'

const PACKAGES = join(ROOT, 'packages')

/** The reference of every public package: what its README says, and its exports from their types by typedoc. File name to text. */
export async function packagesPages(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'ros-typedoc-'))
  try {
    const entries = entryPoints().flatMap((entry) => ['--entryPoints', entry])
    const options = ['--options', join(DOCS, 'typedoc', 'typedoc.json'), '--out', folder]
    await runProgram(join(DOCS, 'node_modules', '.bin', 'typedoc'), [...options, ...entries], ROOT)
    const pages = readdirSync(folder)
      .filter((name) => name.startsWith('@ros.'))
      .sort()
    const exports = new Map(
      pages.map((name) => [
        shortName(name),
        readFileSync(join(folder, name), 'utf8').replaceAll('(@ros.', '('),
      ]),
    )
    return new Map([...exports].map(([name, text]) => [name, whole(name, settled(name, text, exports))]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A page has one title: the README's, where there is one. */
function whole(name: string, exports: string): string {
  const readme = about(name)
  return readme === '' ? exports : page([readme, exports.replace(/^# .*$/m, '## What it exports {#exports}')])
}

/** What the manifests export, in source. */
function entryPoints(): string[] {
  return readdirSync(PACKAGES).flatMap((name) => {
    const { exports = {} } = JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as {
      exports?: Record<string, string | { '@ros/source'?: string }>
    }
    return Object.values(exports).flatMap((target) => {
      const source = typeof target === 'string' ? undefined : target['@ros/source']
      return source === undefined ? [] : [join(PACKAGES, name, source)]
    })
  })
}

/** `@ros.bytes.node.md` is `bytes.node.md`. */
function shortName(name: string): string {
  return name.replace(/^@ros\./, '')
}

/**
 * typedoc numbers an anchor for a name that its writer of Markdown then does not show: `Http.request` makes `HttpRequest` the second one of
 * that name. Such links lead to the heading that is there.
 */
function settled(name: string, text: string, pages: ReadonlyMap<string, string>): string {
  return text.replace(/\]\(([^()#\s]*)#([^()\s]+)-\d+\)/g, (link, path: string, anchor: string) => {
    const target = pages.get(path === '' ? name : path)
    if (target === undefined) return link
    const anchors = anchorsOf(target)
    return anchors.has(link.slice(link.indexOf('#') + 1, -1)) || !anchors.has(anchor)
      ? link
      : `](${path}#${anchor})`
  })
}

/** The README of a package for its page: its headings do not get in the way of those of the exports. */
function about(file: string): string {
  const readme = join(PACKAGES, file.replace(/\.md$/, ''), 'README.md')
  if (!existsSync(readme)) return ''
  const text = readFileSync(readme, 'utf8').replace(/(?<!!)\[([^\]]*)\]\(([^)\s]+)\)/g, siteLink)
  return text.replace(
    /^(##+) (.*)$/gm,
    (_, level: string, heading: string) =>
      `${level} ${heading} {#about-${heading.toLowerCase().replace(/\W+/g, '-')}}`,
  )
}

/** A link of a package's README for its page: what lies in docs has a page of its own, what lies elsewhere in the repository has none. */
function siteLink(link: string, text: string, target: string): string {
  if (isExternal(target) || target.startsWith('#')) return link
  if (target === '../../docs/demo/') return `<a href="../../demo/index.html" target="_self">${text}</a>`
  const [, inDocs] = /^\.\.\/\.\.\/docs\/(.*\.md.*)$/.exec(target) ?? []
  return inDocs === undefined ? text : `[${text}](../../${inDocs})`
}
