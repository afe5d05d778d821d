import { allDependencies } from './dependencies.ts'
import type { ModuleRecord } from './module-index.ts'

/** Lines `path: paths of what it needs`, as depmod writes `modules.dep`. */
export function modulesDep(modules: readonly ModuleRecord[]): string {
  return lines(depLines(modules))
}

/** The lines of `modules.dep`, one for each module in the same order, without their ends. */
export function depLines(modules: readonly ModuleRecord[]): string[] {
  const all = allDependencies(modules)
  return modules.map(
    ({ name, path }) => `${path}:${(all.get(name) ?? []).map((needed) => ` ${needed.path}`).join('')}`,
  )
}

/** Lines `alias PATTERN NAME`; patterns as the modules have them, with `-` and `_` as two. */
export function modulesAlias(modules: readonly ModuleRecord[]): string {
  return lines([
    '# Aliases extracted from modules themselves.',
    ...modules.flatMap(({ name, alias }) => alias.map((pattern) => `alias ${pattern} ${name}`)),
  ])
}

/** Lines `softdep NAME pre: NAMES post: NAMES`. */
export function modulesSoftdep(modules: readonly ModuleRecord[]): string {
  return lines([
    '# Soft dependencies extracted from modules themselves.',
    ...modules.flatMap(({ name, softdep }) => softdep.map((text) => `softdep ${name} ${text}`)),
  ])
}

/** Lines `alias symbol:SYMBOL NAME`. depmod writes them in the order of its hash table, these are in that of the modules. */
export function modulesSymbols(modules: readonly ModuleRecord[]): string {
  const owners = new Map<string, string>()
  for (const { name, exports } of modules) for (const symbol of exports) owners.set(symbol, name)
  return lines([
    '# Aliases for symbols, used by symbol_request().',
    ...[...owners].map(([symbol, name]) => `alias symbol:${symbol} ${name}`),
  ])
}

/** Lines `NAME NODE cMAJOR:MINOR`: device nodes whose opening loads a module. Empty when there is none, as depmod does. */
export function modulesDevname(modules: readonly ModuleRecord[]): string {
  const nodes = modules.flatMap(({ name, alias }) => {
    const node = alias.findLast((text) => text.startsWith('devname:'))?.slice('devname:'.length)
    const number = alias
      .map((text) => /^(char|block)-major-(\d+)-(\d+)$/.exec(text))
      .findLast((match) => match !== null)
    if (node === undefined || !number) return []
    const [, kind, major, minor] = number
    return [`${name} ${node} ${kind === 'char' ? 'c' : 'b'}${major}:${minor}`]
  })
  return nodes.length === 0 ? '' : lines(['# Device nodes to trigger on-demand module loading.', ...nodes])
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
