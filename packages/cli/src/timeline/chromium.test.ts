import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'

const page = fileURLToPath(new URL('./timeline.golden.html', import.meta.url))

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--hide-scrollbars',
  '--window-size=1100,1100',
]

/** Shows the page in a browser that reaches no network, and gives what it prints. */
function browse(folder: string, ...flags: string[]): string {
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
    stdio: ['ignore', 'pipe', 'ignore'],
  })
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

test('a browser shows the page: every bar is a link, dark and light as the reader’s system is', {
  timeout: 400_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-chromium-'))
  try {
    const dom = browse(folder, '--dump-dom')
    expect(dom.match(/<a href="#(phase|service)-\d+"/g)).toHaveLength(10)
    expect(dom.match(/<tr id="(phase|service)-\d+"/g)).toHaveLength(10)
    // 0 is dark, 1 is light.
    const colours = ['0', '1'].map((scheme) => {
      const file = join(folder, `${scheme}.png`)
      browse(folder, `--blink-settings=preferredColorScheme=${scheme}`, `--screenshot=${file}`)
      return corner(readFileSync(file))
    })
    expect(colours).toEqual(['0f1318', 'ffffff'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
