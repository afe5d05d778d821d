import { KernelFetchError } from './error.ts'
import type { ModuleRecord } from './module-index.ts'

/**
 * All modules that each module needs, directly or not, in the order of depmod's lines: a module stands before those
 * that it needs itself, so that loading goes from right to left.
 */
export function allDependencies(modules: readonly ModuleRecord[]): Map<string, readonly ModuleRecord[]> {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const rank = topologicalRank(modules, byName)
  const closure = new Map<string, readonly ModuleRecord[]>()
  for (const module of modules) {
    const needed = new Set<ModuleRecord>()
    collect(module, byName, needed)
    closure.set(
      module.name,
      [...needed].sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0)),
    )
  }
  return closure
}

function collect(
  module: ModuleRecord,
  byName: ReadonlyMap<string, ModuleRecord>,
  into: Set<ModuleRecord>,
): void {
  for (const name of module.needs) {
    const needed = byName.get(name)
    if (!needed || into.has(needed)) continue
    into.add(needed)
    collect(needed, byName, into)
  }
}

/**
 * Position of each module in an order that puts users before what they use: a stack of modules that nobody left uses,
 * the last one first. The same walk as depmod's, so that the lines come out equal.
 */
function topologicalRank(
  modules: readonly ModuleRecord[],
  byName: ReadonlyMap<string, ModuleRecord>,
): Map<string, number> {
  const users = new Map(modules.map((module) => [module.name, 0]))
  const present = (module: ModuleRecord): ModuleRecord[] =>
    module.needs.flatMap((name) => byName.get(name) ?? [])
  for (const module of modules)
    for (const { name } of present(module)) users.set(name, (users.get(name) ?? 0) + 1)
  const unused = modules.filter(({ name }) => users.get(name) === 0)
  const rank = new Map<string, number>()
  for (let module = unused.pop(); module; module = unused.pop()) {
    rank.set(module.name, rank.size)
    for (const needed of present(module)) {
      const left = (users.get(needed.name) ?? 0) - 1
      users.set(needed.name, left)
      if (left === 0) unused.push(needed)
    }
  }
  const circle = modules.filter(({ name }) => !rank.has(name)).map(({ name }) => name)
  if (circle.length > 0) {
    throw new KernelFetchError('ROS_KERNEL_FETCH_CYCLE', 'modules need one another in a circle', {
      subject: circle[0] ?? '',
      got: circle.slice(0, 10).join(' '),
      limit: 'such modules cannot be loaded',
    })
  }
  return rank
}
