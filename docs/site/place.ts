import { join } from 'node:path'

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..')

/** The folder of the site's pages. */
export const DOCS = join(ROOT, 'docs')

/** What is made of the code before each build of the site; in no commit. */
export const REFERENCE = join(DOCS, 'reference')

/** The built site. */
export const DIST = join(DOCS, '.vitepress', 'dist')

/** Files that go into the site as they are; made before each build of it, and in no commit. */
export const PUBLIC = join(DOCS, 'public')
