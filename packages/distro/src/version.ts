import { readFileSync } from 'node:fs'

const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** The kit's version, as its packages carry it. */
export const KIT_VERSION = (manifest as { version: string }).version
