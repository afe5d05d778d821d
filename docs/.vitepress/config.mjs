import { existsSync, readdirSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { slug } from '../site/slug.ts'

const page = (text, link) => ({ text, link })
const docs = fileURLToPath(new URL('..', import.meta.url))
const packages = new URL('../reference/packages/', import.meta.url)

/** Written by `npm run docs` before this is read. */
function packagePages() {
  const files = existsSync(packages) ? readdirSync(packages).sort() : []
  return files
    .filter((file) => file !== 'index.md')
    .map((file) => file.replace(/\.md$/, ''))
    .map((name) => page(`@ros/${name.replaceAll('.', '/')}`, `/reference/packages/${name}`))
}

/** What lies in the repository and not in docs has no page: a link to it is but its text here. */
function textOutside({ tokens, env }) {
  for (const { children } of tokens) {
    const open = []
    for (const token of children ?? []) {
      if (token.type === 'link_open') open.push(leaves(token.attrGet('href'), env.path))
      const outside = token.type === 'link_close' ? open.pop() : open.at(-1)
      if (outside && token.type.startsWith('link_'))
        Object.assign(token, { type: 'text', tag: '', nesting: 0, content: '' })
    }
  }
}

function leaves(href, page) {
  if (!href.startsWith('../') || page === undefined) return false
  return relative(docs, resolve(dirname(page), href)).startsWith('..')
}

const guide = [
  page('Quick start', '/quick-start'),
  page('How it works', '/how-it-works'),
  page('Recipes', '/recipes'),
  page('Cookbook', '/cookbook'),
  page('When something goes wrong', '/troubleshooting'),
]

const subjects = [
  page('Recipe, lock and inputs', '/inputs'),
  page('Customizing an ISO', '/customize'),
  page('Running machines', '/run'),
  page('RancherOS on a disk', '/install'),
  page('Registries', '/registries'),
  page('Lint rules', '/lint'),
  page('What the kernel unpacks', '/initramfs'),
]

const reference = [
  page('Overview', '/reference/'),
  page('Configuration of a machine', '/reference/configuration'),
  page('Keys of a recipe', '/reference/recipe'),
  page('Command rancheros-kit', '/reference/rancheros-kit'),
  page('Command ros', '/reference/ros'),
  page('A boot as a picture', '/reference/timeline'),
  { text: 'An ISO made in a page', link: '/demo/index.html', target: '_self' },
]

const project = [
  page('Compared with its peers', '/comparison'),
  page("Upstream's tests", '/upstream-tests'),
  page('Decisions', '/decisions'),
]

export default defineConfig({
  title: 'rancheros-kit',
  description: 'Build a whole RancherOS, boot it in QEMU, log in over ssh',
  lang: 'en',
  srcExclude: ['site/**', 'demo/**'],
  vite: { build: { assetsInlineLimit: 0 } },
  // Anchors as GitHub makes them: a link works in both places.
  markdown: {
    anchor: { slugify: slug },
    toc: { slugify: slug },
    headers: { slugify: slug },
    config: (markdown) => markdown.core.ruler.push('inside', textOutside),
  },
  themeConfig: {
    nav: [
      page('Quick start', '/quick-start'),
      { text: 'Subjects', items: subjects },
      page('Reference', '/reference/'),
      { text: 'Project', items: project },
    ],
    sidebar: [
      { text: 'Guide', items: guide },
      { text: 'Subjects', items: subjects },
      { text: 'Reference', items: reference },
      { text: 'Packages', collapsed: true, items: packagePages() },
      { text: 'Project', items: project },
    ],
    outline: [2, 3],
    // In the reader's browser: nothing of the site asks another server.
    search: { provider: 'local' },
  },
})
