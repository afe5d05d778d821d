// Builds the page of docs/demo: one file that needs nothing else, docs/demo/dist/index.html or the path that is given.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { root, say } from './console.mjs'

const demo = join(root, 'docs/demo')

/** Writes the page from what `npm run build` has made of the packages; gives its path. */
async function buildDemo(path = join(demo, 'dist/index.html')) {
  const script = await bundled('demo.ts')
  const style = await bundled('demo.css')
  // No connection of any kind, and no script or style but these two.
  const policy = `default-src 'none'; img-src data:; script-src '${digest(script)}'; style-src '${digest(style)}'; base-uri 'none'; form-action 'none'`
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<link rel="icon" href="data:,">',
    `<style>${style}</style>`,
  ].join('\n')
  const page = readFileSync(join(demo, 'index.html'), 'utf8')
    .replace('</head>', () => `${head}\n</head>`)
    .replace('</body>', () => `<script type="module">${script}</script>\n</body>`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, page)
  return path
}

async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [join(demo, name)],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'warning',
    logOverride: { 'ignored-bare-import': 'silent' },
  })
  const text = outputFiles[0].text
  if (/<\/(script|style)/i.test(text))
    throw new Error(`${name}: its bundle would end the element that it stands in`)
  return text
}

function digest(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) say(await buildDemo(process.argv[2]))
