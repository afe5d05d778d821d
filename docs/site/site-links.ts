import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decoded, isExternal, wrongAddress } from './address.ts'

/** Stands for the site's own server while links are resolved. */
const HERE = 'http://site.invalid'

/**
 * Every link of a built site that leads nowhere, as `page: link: reason`: a file that is not there, an anchor that its page does not
 * have, an external address of a wrong form. `base` is the folder of the server that the site was built for, with slashes around it.
 */
export function brokenSiteLinks(folder: string, base = '/'): string[] {
  const pages = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.html'))
      .sort()
      .map((path) => [path, readPage(readFileSync(join(folder, path), 'utf8'))]),
  )
  return [...pages].flatMap(([path, { links }]) =>
    [...links].flatMap((link) => {
      const reason = isExternal(link) ? wrongAddress(link) : wrongTarget(link, path)
      return reason === undefined ? [] : [`${path}: ${link}: ${reason}`]
    }),
  )

  function wrongTarget(link: string, from: string): string | undefined {
    if (!URL.canParse(link, HERE)) return 'not an address'
    const { pathname, hash } = new URL(link, `${HERE}${base}${from}`)
    const [path, anchor] = [decoded(pathname), decoded(hash.slice(1))]
    if (path === undefined || anchor === undefined) return 'not an address'
    if (!path.startsWith(base)) return `outside ${base}`
    const inside = path.slice(base.length)
    const target = inside === '' || inside.endsWith('/') ? `${inside}index.html` : inside
    const page = pages.get(target)
    if (page === undefined) return existsSync(join(folder, target)) ? undefined : 'no such file'
    return anchor === '' || page.anchors.has(anchor) ? undefined : `no such anchor in ${target}`
  }
}

interface Page {
  readonly anchors: ReadonlySet<string>
  readonly links: ReadonlySet<string>
}

function readPage(html: string): Page {
  // What looks like a tag in a script or a comment is none.
  const markup = html.replace(/<script\b[\s\S]*?<\/script>|<!--[\s\S]*?-->/g, (text) =>
    text.startsWith('<script') ? text.slice(0, text.indexOf('>') + 1) : '',
  )
  const anchors = new Set<string>()
  const links = new Set<string>()
  for (const [tag] of markup.matchAll(
    /<[a-z][^\s>]*(?:\s+[^\s"'>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?|\s*\/)*\s*>/gi,
  )) {
    for (const [, name = '', quoted, single] of tag.matchAll(/\s([\w:-]+)=(?:"([^"]*)"|'([^']*)')/g)) {
      const value = decodeEntities(quoted ?? single ?? '')
      if (name === 'id' || name === 'name') anchors.add(value)
      if (name === 'href' || name === 'src' || name === 'poster') links.add(value)
    }
  }
  return { anchors, links }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16))
    return ENTITIES[name] ?? whole
  })
}
