import { fromBytes, readAll } from '@ros/bytes'
import { type FileNode, file, type Tree } from '@ros/tree'
import { editGrub, editLoaderEntry } from './grub-config.ts'
import { type EditedConfigs, editIsolinux } from './isolinux-config.ts'
import type { ArgumentChange } from './kernel-arguments.ts'

export interface ConfigChanges {
  /** Paths of the configurations that were changed. */
  readonly changed: readonly string[]
  /** Initrds that entries load and that are files of the tree, the last one of each entry; in order of their paths. */
  readonly initrds: readonly string[]
  /** Entries that start a kernel, in all configurations together. */
  readonly entries: number
}

/** Where isolinux and syslinux look (syslinux wiki, "Config"), from the root. */
const ISOLINUX = ['boot/isolinux', 'isolinux', 'boot/syslinux', 'syslinux', 'boot/extlinux', 'extlinux', '']
const NAMES = ['isolinux.cfg', 'syslinux.cfg', 'extlinux.conf']
const GRUB = /(^|\/)(grub2?|efi)\/(.*\/)?[^/]*\.cfg$/i
const LOADER_ENTRY = /(^|\/)loader\/entries\/[^/]*\.conf$/i
// A menu has some kilobytes; what is larger is none.
const MAX_CONFIG = 4 * 1024 ** 2

/** Changes kernel arguments in every boot configuration of a tree, in the tree itself. */
export async function changeConfigs(tree: Tree, change: ArgumentChange): Promise<ConfigChanges> {
  const changed: string[] = []
  const initrds = new Set<string>()
  let entries = 0
  const apply = (edited: EditedConfigs, folder: string) => {
    for (const [path, text] of edited.changed) {
      const { content: _, type: _type, ...metadata } = tree.get(path) as FileNode
      tree.replace(path, file(fromBytes(Buffer.from(text, 'latin1')), metadata))
      changed.push(path)
    }
    entries += edited.entries
    for (const name of edited.initrds) {
      const path = findFile(tree, folder, name)
      if (path !== undefined) initrds.add(path)
    }
  }
  const texts = await configTexts(tree)
  const done = new Set<string>()
  for (const folder of ISOLINUX) {
    for (const name of NAMES) {
      const main = findFile(tree, folder, name)
      if (main === undefined || done.has(main)) continue
      done.add(main)
      const read = (included: string) => {
        const path = findFile(tree, folder, included)
        const text = path === undefined ? undefined : texts.get(path)
        return path === undefined || text === undefined ? undefined : { path, text }
      }
      apply(editIsolinux(`/${main}`, read, change), folder)
    }
  }
  for (const [path, text] of texts) {
    if (GRUB.test(path)) apply(editGrub(path, text, change), '')
    else if (LOADER_ENTRY.test(path)) apply(editLoaderEntry(path, text, change), '')
  }
  return { changed: [...new Set(changed)].sort(), initrds: [...initrds].sort(), entries }
}

async function configTexts(tree: Tree): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const { path, node } of tree) {
    if (node.type !== 'file' || node.content.size > MAX_CONFIG || !/\.(cfg|conf)$/i.test(path)) continue
    // One character for a byte: what is not changed comes out as it was, whatever its coding.
    texts.set(path, Buffer.from(await readAll(node.content, MAX_CONFIG)).toString('latin1'))
  }
  return texts
}

/** The file that a name means from a folder, or from the root with a slash; without regard to case, as names of plain ISO 9660 are in capitals. */
export function findFile(tree: Tree, folder: string, name: string): string | undefined {
  const parts = name.startsWith('/') ? [] : folder.split('/').filter(Boolean)
  for (const part of name.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const path = parts.join('/')
  if (path === '') return undefined
  if (tree.get(path)?.type === 'file') return path
  const wanted = path.toLowerCase()
  for (const entry of tree)
    if (entry.node.type === 'file' && entry.path.toLowerCase() === wanted) return entry.path
  return undefined
}

/** The initrd where no configuration names one. */
export function likelyInitrds(tree: Tree): string[] {
  return [...tree]
    .filter(({ path, node }) => node.type === 'file' && /^(boot\/)?initrd[^/]*$/i.test(path))
    .map(({ path }) => path)
}
