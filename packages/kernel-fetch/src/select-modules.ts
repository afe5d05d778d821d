import { type ByteSource, fromBytes, fromText } from '@ros/bytes'
import { file, parentPath, Tree } from '@ros/tree'
import {
  modulesAliasBin,
  modulesBuiltinAliasBin,
  modulesBuiltinBin,
  modulesDepBin,
  modulesSymbolsBin,
} from './binary-index-files.ts'
import { KernelFetchError } from './error.ts'
import { modulesAlias, modulesDep, modulesDevname, modulesSoftdep, modulesSymbols } from './index-files.ts'
import type { Kernel, ModuleFile } from './kernel.ts'
import type { ModuleIndex, ModuleRecord } from './module-index.ts'
import { globPattern, moduleName, normalizeAlias, similarNames } from './module-name.ts'
import { decompressedSource } from './plain-content.ts'

/**
 * `lib/modules/RELEASE` with the modules of these names and all that they need (symbols, and soft dependencies `pre:`), as
 * plain `.ko` files, and depmod's index files for just those. `-` and `_` are one; `*`, `?` and `[…]` are patterns; names of
 * what is built into the kernel are accepted and add nothing. A name that is neither throws `ROS_KERNEL_FETCH_MODULE`.
 */
export function selectModules(kernel: Kernel, index: ModuleIndex, names: readonly string[] | 'all'): Tree {
  const files = new Map(kernel.modules.map((module) => [module.path, module]))
  const fits = index.release === kernel.release && index.modules.length === files.size
  if (!fits || !index.modules.every(({ path }) => files.has(path))) {
    throw new KernelFetchError('ROS_KERNEL_FETCH_INDEX', 'module index is not of this kernel', {
      subject: kernel.release,
      got: `${index.release}, ${index.modules.length} modules`,
      limit: `${kernel.release}, ${files.size} modules`,
      hint: 'make it anew with moduleIndex',
    })
  }
  const chosen = names === 'all' ? index.modules : withDependencies(index, namedModules(index, names))
  const root = `lib/modules/${kernel.release}`
  const mtime = kernel.modulesMtime
  const tree = new Tree().addDirectories(root, { mtime })
  for (const record of chosen) {
    const module = files.get(record.path)
    if (module) addModule(tree, root, module, record.size)
  }
  for (const [name, node] of kernel.lists) tree.add(`${root}/${name}`, node)
  for (const [name, content] of indexFiles(index, chosen))
    tree.add(`${root}/${name}`, file(content, { mtime }))
  return tree
}

function indexFiles(
  index: ModuleIndex,
  modules: readonly ModuleRecord[],
): [name: string, content: ByteSource][] {
  return [
    ['modules.alias', fromText(modulesAlias(modules))],
    ['modules.alias.bin', fromBytes(modulesAliasBin(modules))],
    ['modules.builtin.alias.bin', fromBytes(modulesBuiltinAliasBin(index.builtinAlias))],
    ['modules.builtin.bin', fromBytes(modulesBuiltinBin(index.builtin))],
    ['modules.dep', fromText(modulesDep(modules))],
    ['modules.dep.bin', fromBytes(modulesDepBin(modules))],
    ['modules.devname', fromText(modulesDevname(modules))],
    ['modules.softdep', fromText(modulesSoftdep(modules))],
    ['modules.symbols', fromText(modulesSymbols(modules))],
    ['modules.symbols.bin', fromBytes(modulesSymbolsBin(modules))],
  ]
}

function addModule(tree: Tree, root: string, module: ModuleFile, size: number): void {
  const { node, format, path } = module
  tree.addDirectories(`${root}/${parentPath(path)}`, { mtime: node.mtime })
  const content = format === undefined ? node.content : decompressedSource(node.content, format, size)
  tree.add(`${root}/${path}`, { ...node, content })
}

/** The modules that the caller's names and patterns mean. */
function namedModules(index: ModuleIndex, names: readonly string[]): ModuleRecord[] {
  const byName = new Map(index.modules.map((module) => [module.name, module]))
  const builtin = new Set(index.builtin)
  return names.flatMap((given) => {
    const name = moduleName(given)
    const module = byName.get(name)
    if (module) return [module]
    if (builtin.has(name)) return []
    const pattern = /[*?[]/.test(name) ? globPattern(name) : undefined
    const matches = pattern ? index.modules.filter((one) => pattern.test(one.name)) : []
    if (matches.length > 0 || (pattern && index.builtin.some((one) => pattern.test(one)))) return matches
    const similar = similarNames(name, [...byName.keys(), ...builtin])
    throw new KernelFetchError('ROS_KERNEL_FETCH_MODULE', `kernel ${index.release} has no such module`, {
      subject: given,
      hint:
        similar.length > 0
          ? `did you mean ${similar.join(' or ')}?`
          : 'names are those of lsmod; * is a pattern',
    })
  })
}

/** These and all that they need, in depmod's order. */
function withDependencies(index: ModuleIndex, wanted: readonly ModuleRecord[]): ModuleRecord[] {
  const byName = new Map(index.modules.map((module) => [module.name, module]))
  const chosen = new Set<ModuleRecord>()
  const waiting = [...wanted]
  for (let module = waiting.pop(); module; module = waiting.pop()) {
    if (chosen.has(module)) continue
    chosen.add(module)
    waiting.push(...module.needs.flatMap((name) => byName.get(name) ?? []))
    for (const name of module.softdep.flatMap(softdepPre)) waiting.push(...modulesFor(index, byName, name))
  }
  return index.modules.filter((module) => chosen.has(module))
}

/** The words after `pre:` of a soft dependency; words before any such mark are neither. */
function softdepPre(text: string): string[] {
  let pre = false
  return text.split(/\s+/).filter((word) => {
    if (word === 'pre:' || word === 'post:') pre = word === 'pre:'
    else if (pre) return word !== ''
    return false
  })
}

/** A soft dependency names a module or an alias, which several modules may have; or neither, which is no error. */
function modulesFor(
  index: ModuleIndex,
  byName: ReadonlyMap<string, ModuleRecord>,
  name: string,
): ModuleRecord[] {
  const module = byName.get(moduleName(name))
  if (module) return [module]
  const plain = normalizeAlias(name)
  return index.modules.filter(({ alias }) =>
    alias.some((text) => {
      const pattern = normalizeAlias(text)
      return pattern === plain || matches(pattern, plain)
    }),
  )
}

function matches(pattern: string, text: string): boolean {
  const wild = pattern.search(/[*?[]/)
  // Few of the tens of thousands of aliases start alike: only those are worth a regular expression.
  return wild >= 0 && text.startsWith(pattern.slice(0, wild)) && (globPattern(pattern)?.test(text) ?? false)
}
