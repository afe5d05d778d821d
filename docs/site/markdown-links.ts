import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { decoded, isExternal, wrongAddress } from './address.ts'
import { slug } from './slug.ts'

/** The Markdown of the repository that people read there: of the root, of docs/, and of every package. */
export function markdownFiles(root: string): string[] {
  const folders = [
    root,
    join(root, 'docs'),
    ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  ]
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(folder, name)),
  )
}

/**
 * Every link of these files that leads nowhere, as `file: link: reason`: out of the repository, to what is not there, to a heading that
 * is not there, to an external address of a wrong form. Links from the site's root (`/…`) are for the site, and are judged there.
 */
export function brokenMarkdownLinks(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) =>
    linksOf(readFileSync(file, 'utf8')).flatMap((link) => {
      const reason = isExternal(link) ? wrongAddress(link) : wrongTarget(link, file, root)
      return reason === undefined ? [] : [`${relative(root, file)}: ${link}: ${reason}`]
    }),
  )
}

function wrongTarget(link: string, from: string, root: string): string | undefined {
  const text = decoded(link)
  if (text === undefined) return 'not an address'
  const [path = '', anchor = ''] = text.split('#')
  if (path.startsWith('/')) return undefined
  const target = path === '' ? from : resolve(dirname(from), path)
  if (target !== root && !target.startsWith(root + sep)) return 'outside the repository'
  const found = statSync(target, { throwIfNoEntry: false })
  if (found === undefined) return 'no such file'
  if (anchor === '') return undefined
  if (!target.endsWith('.md')) return 'only Markdown has anchors'
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor)
    ? undefined
    : `no such heading in ${relative(root, target)}`
}

/** Text of a file without what is code, and so no link. */
function prose(markdown: string): string {
  return markdown.replace(/^( *)(```+|~~~+)[\s\S]*?^ *\2[^\n]*$/gm, '')
}

function linksOf(markdown: string): string[] {
  const text = prose(markdown).replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '``')
  const inline = [
    ...text.matchAll(/\]\(\s*(?:<([^>\n]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))(?:\s+"[^"]*")?\s*\)/g),
  ]
  const defined = [...text.matchAll(/^ {0,3}\[[^\]\n]+\]:\s+<?(\S+?)>?\s*$/gm)]
  return [
    ...inline.map(([, angled, plain]) => angled ?? plain ?? ''),
    ...defined.map(([, address = '']) => address),
  ]
}

/** The anchors of the headings of a page. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of prose(markdown).matchAll(/^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/gm)) {
    const name = slug(heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, ''))
    let anchor = name
    for (let count = 1; anchors.has(anchor); count++) anchor = `${name}-${count}`
    anchors.add(anchor)
  }
  return anchors
}
