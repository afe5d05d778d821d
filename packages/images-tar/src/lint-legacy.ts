import { object, parseJson } from './image-config.ts'
import { isOwn, jsonFile, tryFile } from './lint-file.ts'
import { type DockerSaveFinding, saveFinding } from './lint-rules.ts'
import type { TarIndex } from './tar-index.ts'

/** Checks the chains of legacy layers that `repositories` leads to, where the archive has such layers. */
export async function* lintLegacy(index: TarIndex): AsyncGenerator<DockerSaveFinding, void> {
  if (!tryFile(index, 'repositories')) return
  const at = index.offset('repositories') ?? 0
  const checked = new Set<string>()
  for (const [name, id] of await namedIds(index)) {
    // Docker from 25 on names a layer here and writes no legacy layers at all.
    if (!index.paths.some((path) => path.startsWith(`${id}/`))) continue
    for (let next: string | undefined = id; next !== undefined && !checked.has(next); ) {
      checked.add(next)
      const json = await legacyJson(index, next)
      if (!json || json['id'] !== next) {
        const what = json ? `its json says ${JSON.stringify(json['id'])}` : 'its json is missing or damaged'
        yield saveFinding(
          'save/legacy-chain',
          index.offset(`${next}/json`) ?? at,
          name,
          `layer ${next}: ${what}`,
        )
        break
      }
      next = typeof json['parent'] === 'string' ? json['parent'] : undefined
    }
  }
}

async function namedIds(index: TarIndex): Promise<[string, string][]> {
  try {
    const root = object(
      parseJson(await jsonFile(index, 'repositories'), 'repositories'),
      'repositories',
      'file',
    )
    return Object.entries(root).flatMap(([repository, tags]) =>
      Object.entries(object(tags, repository, 'tags')).flatMap(([tag, id]): [string, string][] =>
        typeof id === 'string' ? [[`${repository}:${tag}`, id]] : [],
      ),
    )
  } catch (error) {
    if (!isOwn(error)) throw error
    return []
  }
}

async function legacyJson(index: TarIndex, id: string): Promise<Record<string, unknown> | undefined> {
  try {
    return object(parseJson(await jsonFile(index, `${id}/json`), id), id, 'json')
  } catch (error) {
    if (!isOwn(error)) throw error
    return undefined
  }
}
