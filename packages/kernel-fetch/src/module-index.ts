import { type ByteSource, fromBytes, readAll } from '@ros/bytes'
import { readElf } from './elf.ts'
import type { Kernel, ModuleFile } from './kernel.ts'
import { modinfoEntries, parseModinfo } from './modinfo.ts'
import { moduleName } from './module-name.ts'
import { decompressedBytes } from './plain-content.ts'
import { readSymbols } from './symbols.ts'

/** What the modules of a kernel say, ready for every question about them. Plain values: it survives JSON. */
export interface ModuleIndex {
  readonly release: string
  /** In depmod's order: that of `modules.order`, then the others, bytewise. */
  readonly modules: readonly ModuleRecord[]
  /** Names of what is in the kernel image itself, with underscores. */
  readonly builtin: readonly string[]
  /** Aliases of those, from `modules.builtin.modinfo`. */
  readonly builtinAlias: readonly (readonly [alias: string, name: string])[]
}

/** What a module says of itself in `.modinfo`, and its symbols. */
export interface ModuleRecord {
  readonly name: string
  /** Inside `lib/modules/RELEASE`. */
  readonly path: string
  /** Length of the plain `.ko` in bytes. */
  readonly size: number
  readonly alias: readonly string[]
  readonly softdep: readonly string[]
  readonly firmware: readonly string[]
  readonly vermagic?: string
  /** Modules whose symbols this one uses, by name, in the order of its symbol table. */
  readonly needs: readonly string[]
  /** Symbols that it exports. */
  readonly exports: readonly string[]
}

/** Who hears how far reading is. */
export interface ModuleIndexOptions {
  /** Called after each module. */
  readonly onProgress?: (done: number, total: number) => void
}

const MAX_LIST = 67_108_864

/** Looks through all modules of a kernel. It reads their headers and a few sections; compressed ones it reads whole. */
export async function moduleIndex(kernel: Kernel, options: ModuleIndexOptions = {}): Promise<ModuleIndex> {
  const scanned: Scanned[] = []
  for (const file of await inDepmodOrder(kernel)) {
    scanned.push(await scan(file))
    options.onProgress?.(scanned.length, kernel.modules.length)
  }
  // A symbol that two modules export belongs to the later one, as in depmod's table.
  const owners = new Map<string, string>()
  for (const { record } of scanned) for (const symbol of record.exports) owners.set(symbol, record.name)
  const modules = scanned.map(({ record, imports }) => {
    const needs = new Set<string>()
    for (const symbol of imports) {
      const owner = owners.get(symbol)
      if (owner !== undefined && owner !== record.name) needs.add(owner)
    }
    return { ...record, needs: [...needs] }
  })
  const builtin = (await listLines(kernel, 'modules.builtin')).map(fileModuleName)
  return { release: kernel.release, modules, builtin, builtinAlias: await builtinAlias(kernel) }
}

/** Texts `module.key=value`, NUL between them. */
async function builtinAlias(kernel: Kernel): Promise<ModuleIndex['builtinAlias']> {
  return [...modinfoEntries(await listBytes(kernel, 'modules.builtin.modinfo'))].flatMap(([key, value]) =>
    key.endsWith('.alias') ? [[value, key.slice(0, -'.alias'.length)] as const] : [],
  )
}

interface Scanned {
  readonly record: Omit<ModuleRecord, 'needs'>
  readonly imports: readonly string[]
}

async function scan(file: ModuleFile): Promise<Scanned> {
  const content: ByteSource =
    file.format === undefined
      ? file.node.content
      : fromBytes(await decompressedBytes(file.node.content, file.format))
  const elf = await readElf(content, file.path)
  const { alias, softdep, firmware, vermagic } = parseModinfo(
    (await elf.section('.modinfo')) ?? new Uint8Array(),
  )
  const { imports, exports } = await readSymbols(elf, file.path)
  const { name, path } = file
  const record = {
    name,
    path,
    size: content.size,
    alias,
    softdep,
    firmware,
    ...(vermagic !== undefined && { vermagic }),
    exports,
  }
  return { record, imports }
}

async function inDepmodOrder(kernel: Kernel): Promise<ModuleFile[]> {
  const rank = new Map<string, number>()
  for (const line of await listLines(kernel, 'modules.order')) {
    const path = line.replace(/\.o$/, '.ko')
    if (!rank.has(path)) rank.set(path, rank.size)
  }
  const rankOf = (file: ModuleFile): number => rank.get(file.path) ?? rank.size
  return kernel.modules.toSorted((a, b) => rankOf(a) - rankOf(b))
}

async function listLines(kernel: Kernel, name: string): Promise<string[]> {
  const text = new TextDecoder().decode(await listBytes(kernel, name))
  return text.split('\n').filter((line) => line !== '')
}

/** A list that the kernel does not have is an empty one. */
async function listBytes(kernel: Kernel, name: string): Promise<Uint8Array> {
  const node = kernel.lists.get(name)
  return node ? await readAll(node.content, MAX_LIST) : new Uint8Array()
}

function fileModuleName(path: string): string {
  return moduleName(path.slice(path.lastIndexOf('/') + 1))
}
