import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import axe from 'axe-core'
import { afterAll, describe, expect, test } from 'vitest'
import { CHROMIUM_FLAGS } from './chromium.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-chromium-'))
// A browser's helpers may still write for a moment.
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))

const FLAGS = [...CHROMIUM_FLAGS, '--hide-scrollbars']
const SCHEMES = { dark: '0', light: '1' } as const

/** Shows a page in a browser that reaches no network, and gives what it prints. */
function browse(page: string, ...flags: string[]): string {
  const args = [
    ...FLAGS,
    `--user-data-dir=${join(folder, 'profile')}`,
    '--host-resolver-rules=MAP * ~NOTFOUND',
    ...flags,
    `file://${page}`,
  ]
  return execFileSync('chromium', args, {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** What a script makes of a page: of a copy that lets it run. The script calls `done`. */
function evaluate(page: string, script: string, scheme: keyof typeof SCHEMES = 'light'): unknown {
  const copy = readFileSync(page, 'utf8')
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
    .replace('</body>', () => {
      const report = 'const done = (value) => { document.title = encodeURIComponent(JSON.stringify(value)) }'
      return `<script>${report}\n${script}</script></body>`
    })
  const file = join(folder, 'copy.html')
  writeFileSync(file, copy)
  const dom = browse(
    file,
    `--blink-settings=preferredColorScheme=${SCHEMES[scheme]}`,
    // Narrower than the picture, which is scrolled then.
    '--window-size=600,1100',
    '--virtual-time-budget=60000',
    '--dump-dom',
  )
  const text = /<title>([^<]*)<\/title>/.exec(dom)?.[1] ?? ''
  return JSON.parse(decodeURIComponent(text))
}

/** Colour of the upper left pixel of an RGB or RGBA image: every filter of the first pixel leaves it as it is. */
function corner(png: Uint8Array): string {
  const view = new DataView(png.buffer, png.byteOffset)
  const parts: Uint8Array[] = []
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12) {
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8))
    if (type === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + view.getUint32(at)))
  }
  return Buffer.from(inflateSync(Buffer.concat(parts)).subarray(1, 4)).toString('hex')
}

describe.each([
  ['a boot', '../timeline/timeline.golden.html', 10],
  ['space', '../space/space.golden.html', 17],
])('the picture of %s in a browser', (_, name, shapes) => {
  const page = fileURLToPath(new URL(name, import.meta.url))

  test('is dark and light as the reader’s system is', { timeout: 400_000 }, () => {
    const colours = Object.values(SCHEMES).map((scheme) => {
      const file = join(folder, `${scheme}.png`)
      browse(page, `--blink-settings=preferredColorScheme=${scheme}`, `--screenshot=${file}`)
      return corner(readFileSync(file))
    })
    expect(colours).toEqual(['0f1318', 'ffffff'])
  })

  test('every shape is a link that a keyboard reaches, to a row that is shown', { timeout: 400_000 }, () => {
    const found = evaluate(
      page,
      `const links = [...document.querySelectorAll('svg a')]
      const faults = []
      const row = (link) => document.querySelector(link.getAttribute('href'))
      for (const link of links) {
        if (row(link)?.tagName !== 'TR') faults.push('no row: ' + link.outerHTML)
        for (const one of document.querySelectorAll('details')) one.open = one.contains(link)
        link.focus()
        if (document.activeElement !== link || link.tabIndex !== 0) faults.push('no focus: ' + link.outerHTML)
        if (!link.getAttribute('aria-label')) faults.push('no name: ' + link.outerHTML)
      }
      for (const one of document.querySelectorAll('details')) one.open = false
      const last = links.at(-1)
      location.hash = last.getAttribute('href')
      setTimeout(() => done({ links: links.length, faults, shown: row(last).checkVisibility() }), 500)`,
    )
    expect(found).toEqual({ links: shapes, faults: [], shown: true })
  })

  test.each(['light', 'dark'] as const)('axe finds nothing serious, %s', { timeout: 400_000 }, (scheme) => {
    const found = evaluate(
      page,
      `${axe.source}
      for (const one of document.querySelectorAll('details')) one.open = true
      axe.run().then(({ passes, violations }) => done({
        passed: passes.map(({ id }) => id),
        faults: violations.map(({ id, impact, nodes }) => [impact, id, nodes.slice(0, 3).map(({ html }) => html)]),
      }), (error) => done(String(error)))`,
      scheme,
    )
    const { passed, faults } = found as { passed: string[]; faults: [string, ...unknown[]][] }
    expect(passed).toEqual(
      expect.arrayContaining(['color-contrast', 'html-has-lang', 'scrollable-region-focusable']),
    )
    expect(faults).toEqual([])
  })
})
