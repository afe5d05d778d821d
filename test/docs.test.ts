import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildSite } from '../docs/site/build.ts'
import { brokenMarkdownLinks } from '../docs/site/markdown-links.ts'
import { DIST, ROOT } from '../docs/site/place.ts'
import { record } from '../docs/site/recorded-command.ts'
import { brokenSiteLinks } from '../docs/site/site-links.ts'
import { parseArguments } from '../packages/cli/src/cli.ts'
import { COMMANDS } from '../packages/cli/src/commands.ts'

/** The machine's own program, as the build makes it. */
const ROS = join(ROOT, 'packages/init/dist/ros-linux-amd64')

let broken: string[]
const folder = mkdtempSync(join(tmpdir(), 'ros-docs-'))

beforeAll(async () => {
  broken = await buildSite({ base: '/', say: () => {} })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function html(page: string): string {
  return readFileSync(join(DIST, `${page}.html`), 'utf8')
}

/** What a reader sees: without tags, with the signs that stand for themselves. */
function text(page: string): string {
  return html(page)
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

function ids(page: string): Set<string> {
  return new Set([...html(page).matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => id))
}

/** Those of some texts, as the code has them, that a page does not show. */
function missing(page: string, wanted: readonly string[]): string[] {
  const plain = (shown: string) => shown.replaceAll('`', '').replace(/\s+/g, ' ').toLowerCase()
  const shown = plain(text(page))
  return wanted.filter((one) => !shown.includes(plain(one)))
}

/** Writes files into a new folder and gives its path. */
function plant(name: string, files: Record<string, string>): string {
  const root = join(folder, name)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

describe('the site', () => {
  it('has no link that leads nowhere, nor has the Markdown of the repository', () => {
    expect(broken).toEqual([])
  })

  it('has a page for every Markdown file of docs', () => {
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
    expect(pages).toContain('quick-start.md')
    expect(pages.filter((name) => !existsSync(join(DIST, name.replace(/md$/, 'html'))))).toEqual([])
  })

  it('leads to every one of them from its side', () => {
    const side = html('quick-start')
    const pages = readdirSync(join(ROOT, 'docs')).filter(
      (name) => name.endsWith('.md') && name !== 'index.md',
    )
    expect(pages.filter((name) => !side.includes(`href="/${name.replace(/md$/, 'html')}"`))).toEqual([])
  })

  it('asks no other server: scripts, styles, pictures and fonts are its own', () => {
    const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
    const wanted = files
      .filter((name) => name.endsWith('.html'))
      .flatMap((name) => {
        const markup = readFileSync(join(DIST, name), 'utf8')
        return [
          ...markup.matchAll(/<(?:link|script|img|iframe)\b[^>]*?\s(?:href|src)="((?:https?:)?\/\/[^"]*)"/g),
        ].map(([, address]) => `${name}: ${address}`)
      })
    const styles = files.filter((name) => name.endsWith('.css'))
    expect(styles).not.toEqual([])
    expect(wanted).toEqual([])
    expect(
      styles.filter((name) => /url\(["']?(https?:)?\/\//.test(readFileSync(join(DIST, name), 'utf8'))),
    ).toEqual([])
  })

  it('shows cloud-configs that a machine takes as they are', () => {
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
    const examples = pages.flatMap((name) => {
      const blocks = readFileSync(join(ROOT, 'docs', name), 'utf8').matchAll(
        /^```yaml\n(#cloud-config\n[\s\S]*?)^```$/gm,
      )
      return [...blocks].map(([, example = '']) => example)
    })
    expect(examples.length).toBeGreaterThan(1)
    for (const [index, example] of examples.entries()) {
      const file = join(plant('examples', { [`${index}.yml`]: example }), `${index}.yml`)
      const checked = spawnSync(ROS, ['config', 'validate', '-i', file], { encoding: 'utf8' })
      expect(`${checked.stdout}${checked.stderr}`, example).toBe('')
      expect(checked.status).toBe(0)
    }
  })

  it('is searched in the reader’s browser', () => {
    const index = readdirSync(join(DIST, 'assets', 'chunks')).filter((name) =>
      name.startsWith('@localSearchIndex'),
    )
    expect(index).toHaveLength(1)
    expect(readFileSync(join(DIST, 'assets', 'chunks', index[0] ?? ''), 'utf8')).toContain('autoformat')
  })

  it('shows the boot chain and a recorded boot', () => {
    expect(html('how-it-works')).toMatch(/<img src="\/assets\/boot-chain\.[^"]+\.svg"/)
    expect(html('timeline')).toContain('Boot of RancherOS')
    expect(html('reference/timeline')).toContain('src="../timeline.html"')
  })

  it('has the page that makes an ISO, and leads to it', () => {
    expect(html('demo/index')).toContain('made in this page')
    expect(html('reference/packages/iso')).toContain('href="../../demo/index.html"')
  })
})

describe('the references', () => {
  it('have every key of a configuration', () => {
    const schema = readJson('packages/init/internal/config/config.schema.json')
    const described = descriptionsOf(schema)
    expect(ids('reference/configuration')).toContain('rancher-state-autoformat')
    expect(described.length).toBeGreaterThan(50)
    expect(
      missing('reference/configuration', [
        'rancher.state.autoformat',
        'rancher.network.interfaces.NAME.dhcp',
        'rancher.docker.tls',
        'rancher.services.NAME.image',
        'write_files[].path',
        ...described,
      ]),
      // Of what has no effect that alone is said.
    ).toEqual(['Defaults were what RancherOS 1.x built in.'])
  })

  it('have every key of a recipe', () => {
    const schema = readJson('packages/distro/recipe.schema.json')
    const names = Object.keys(schema.properties ?? {})
    expect(names).toContain('kernel')
    expect(names.filter((name) => !ids('reference/recipe').has(name.toLowerCase()))).toEqual([])
    expect(
      missing('reference/recipe', [
        'initrd.compression',
        'images.services.NAME.entrypoint',
        'kernel.signed.keyring',
        'debian.suites[].path',
        ...descriptionsOf(schema),
      ]),
    ).toEqual([])
  })

  it('have every command of rancheros-kit, with the options that its own help names', async () => {
    const options = []
    for (const { name } of COMMANDS) {
      const help = await helpOf(name)
      options.push([...help.matchAll(/^ {1,8}(?:-\w, )?(--[\w-]+)/gm)].map(([, option = '']) => option))
    }
    expect(options.filter((names) => !names.includes('--json'))).toEqual([])
    expect(COMMANDS.filter(({ name }) => !ids('reference/rancheros-kit').has(name))).toEqual([])
    // yargs's own are in no table.
    const wanted = options.flat().filter((name) => name !== '--help' && name !== '--version')
    expect(wanted).toContain('--verify-timeout')
    expect(
      missing('reference/rancheros-kit', [
        'rancheros-kit build --locked --offline',
        ...COMMANDS.map(({ describe: does }) => does),
        ...wanted,
      ]),
    ).toEqual([])
    expect(() => record((parser) => parser.conflicts('a', 'b'))).toThrow('conflicts')
  })

  it('have every command of ros, as it prints its help', () => {
    const found = ids('reference/ros')
    const commands = ['', '-config-set', '-service-enable', '-os-rollback', '-install', '-tls-generate']
    expect(commands.filter((name) => !found.has(`ros${name}`))).toEqual([])
    const help = execFileSync(ROS, ['install', '--help'], { encoding: 'utf8' })
    expect(help).toContain('--install-type')
    expect(missing('reference/ros', [help.trim()])).toEqual([])
  })

  it('have every export of every package', async () => {
    const packages = readdirSync(join(DIST, 'reference', 'packages')).map((name) =>
      name.replace(/\.html$/, ''),
    )
    expect(packages).toContain('images-tar.registry')
    for (const name of packages) {
      const module: object = await import(`@ros/${name.replaceAll('.', '/')}`)
      const found = ids(`reference/packages/${name}`)
      const names = Object.keys(module)
      expect(names).not.toEqual([])
      expect(
        names.filter((one) => !found.has(one.toLowerCase())),
        name,
      ).toEqual([])
    }
    expect(missing('reference/packages/initrd', ['Modification time of every entry, in seconds'])).toEqual([])
  })
})

describe('the check of links', () => {
  it('finds a broken link that is planted in the built site', () => {
    const site = join(folder, 'site')
    cpSync(DIST, site, { recursive: true })
    const page = join(site, 'run.html')
    writeFileSync(
      page,
      readFileSync(page, 'utf8').replace(
        '</body>',
        '<a href="/inputs.html#no-such-thing">x</a><a href="/gone.html">y</a></body>',
      ),
    )
    expect(brokenSiteLinks(site)).toEqual([
      'run.html: /inputs.html#no-such-thing: no such anchor in inputs.html',
      'run.html: /gone.html: no such file',
    ])
  })

  it('knows pages, files, anchors, folders and addresses of a site', () => {
    const site = plant('small', {
      'index.html':
        '<p id="top"><a href="sub/">a</a><a href=\'./sub/page.html#caf%C3%A9\'>b</a><a href="#top">c</a><img src="pic.svg">',
      'sub/index.html':
        '<a href="../pic.svg?x=1">a</a><!-- <a href="never.html"> --><script>"<a href=\'nor.html\'>"</script>',
      'sub/page.html': '<h2 id="café">x</h2><a href="https://example.org/a?b=1&amp;c=2#d">ok</a>',
      'pic.svg': '<svg/>',
    })
    expect(brokenSiteLinks(site)).toEqual([])
    writeFileSync(
      join(site, 'sub/page.html'),
      '<a href="https://">1</a><a href="javascript:x">2</a><a href="http://nohost/">3</a><a href="#café">4</a><a href="%zz.html">5</a><script src="/app.js"></script>',
    )
    expect(brokenSiteLinks(site)).toEqual([
      'index.html: ./sub/page.html#caf%C3%A9: no such anchor in sub/page.html',
      'sub/page.html: https://: not an address',
      'sub/page.html: javascript:x: javascript: is none of https:, http:, mailto:, data:',
      'sub/page.html: http://nohost/: no host name: nohost',
      'sub/page.html: #café: no such anchor in sub/page.html',
      'sub/page.html: %zz.html: not an address',
      'sub/page.html: /app.js: no such file',
    ])
  })

  it('finds links that leave the folder for which a site was built', () => {
    const site = plant('based', {
      'index.html': '<a href="/kit/index.html">a</a><a href="/index.html">b</a>',
    })
    expect(brokenSiteLinks(site, '/kit/')).toEqual(['index.html: /index.html: outside /kit/'])
  })

  it('finds broken links in Markdown, and passes over code', () => {
    const root = plant('repository', {
      'README.md': [
        '# Name `x` of it',
        '## Twice',
        '## Twice',
        '[ok](docs/a.md#über-alles) [ok](#name-x-of-it) [ok](#twice-1) [ok](docs) [ok][ref] `[code](gone.md)`',
        '```',
        '[code](gone.md)',
        '# no heading',
        '```',
        '[1](gone.md) [2](#no-heading) [3](docs/a.md#below) [4](../outside.md) [5](https://a b)',
        '',
        '[ref]: docs/a.md',
        '[bad]: docs/b.md',
      ].join('\n'),
      'docs/a.md': '# Über alles\n[back](../README.md#twice-2) [x](100%.md)\n',
    })
    expect(brokenMarkdownLinks(root, [join(root, 'README.md'), join(root, 'docs/a.md')])).toEqual([
      'README.md: gone.md: no such file',
      'README.md: #no-heading: no such heading in README.md',
      'README.md: docs/a.md#below: no such heading in docs/a.md',
      'README.md: ../outside.md: outside the repository',
      'README.md: docs/b.md: no such file',
      'docs/a.md: ../README.md#twice-2: no such heading in README.md',
      'docs/a.md: 100%.md: not an address',
    ])
  })
})

/** What `rancheros-kit NAME --help` prints. */
async function helpOf(name: string): Promise<string> {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
  try {
    const { stdout, stderr } = process
    const surroundings = { directory: folder, environment: {}, stdout, terminal: { stderr, now: () => 0 } }
    await parseArguments([name, '--help'], {
      ...surroundings,
      signal: new AbortController().signal,
    }).perform()
    return printed.mock.calls.flat().join('\n')
  } finally {
    printed.mockRestore()
  }
}

interface Described {
  readonly description?: string
  readonly properties?: Record<string, Described>
}

function readJson(path: string): Described {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Described
}

/** Every description below a schema, wherever it stands. */
function descriptionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) =>
    key === 'description' && typeof below === 'string' ? [below] : descriptionsOf(below),
  )
}
