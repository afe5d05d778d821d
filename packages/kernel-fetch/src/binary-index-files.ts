import { depLines } from './index-files.ts'
import { indexTrie } from './index-trie.ts'
import type { ModuleIndex, ModuleRecord } from './module-index.ts'
import { normalizeAlias } from './module-name.ts'

// The tries that libkmod (modprobe, udev) reads in place of the text files, which it does not look at.

/** `modules.dep.bin`: from a module's name to its line of `modules.dep`. */
export function modulesDepBin(modules: readonly ModuleRecord[]): Uint8Array {
  const trie = indexTrie()
  const lines = depLines(modules)
  for (const [position, { name }] of modules.entries()) trie.insert(name, lines[position] ?? '', position)
  return trie.encode()
}

/** `modules.alias.bin`: from an alias, `-` as `_`, to the names of the modules that have it. */
export function modulesAliasBin(modules: readonly ModuleRecord[]): Uint8Array {
  const trie = indexTrie()
  for (const [position, { name, alias }] of modules.entries()) {
    for (const pattern of alias) trie.insert(normalizeAlias(pattern), name, position)
  }
  return trie.encode()
}

/** `modules.symbols.bin`: from `symbol:SYMBOL` to the module that exports it. */
export function modulesSymbolsBin(modules: readonly ModuleRecord[]): Uint8Array {
  const trie = indexTrie()
  const owners = new Map<string, number>()
  for (const [position, { exports }] of modules.entries())
    for (const symbol of exports) owners.set(symbol, position)
  for (const [symbol, position] of owners)
    trie.insert(`symbol:${symbol}`, modules[position]?.name ?? '', position)
  return trie.encode()
}

/** `modules.builtin.bin`: the names of what is in the kernel image. */
export function modulesBuiltinBin(names: readonly string[]): Uint8Array {
  const trie = indexTrie()
  for (const name of names) trie.insert(name, '', 0)
  return trie.encode()
}

/** `modules.builtin.alias.bin`: from an alias to the name of what has it in the kernel image. */
export function modulesBuiltinAliasBin(aliases: ModuleIndex['builtinAlias']): Uint8Array {
  const trie = indexTrie()
  for (const [alias, name] of aliases) trie.insert(normalizeAlias(alias), name, 0)
  return trie.encode()
}
