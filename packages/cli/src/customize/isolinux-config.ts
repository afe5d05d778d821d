import { type ArgumentChange, changedArguments } from './kernel-arguments.ts'

/** A boot loader's configuration with its changes. */
export interface EditedConfigs {
  /** New text by path, of those that differ. */
  readonly changed: ReadonlyMap<string, string>
  /** Paths of the initrds that entries load, as they are written there. */
  readonly initrds: readonly string[]
  /** Entries that start a kernel. */
  readonly entries: number
}

interface Place {
  readonly file: string[]
  readonly line: number
}

interface Label {
  kernel?: Place & { readonly image: string }
  append?: Place
}

// What KERNEL may name besides a kernel (syslinux.cfg(5)): modules, boot sectors, disk images.
const NO_KERNEL = /\.(c32|com|cbt|bin|bs|bss|0|img)$/i
const MAX_DEPTH = 16

/**
 * Changes kernel arguments in isolinux's configuration and all that it includes, as isolinux reads them: a label's APPEND takes the place
 * of the one before all labels, which stands for labels without one, and `APPEND -` means none.
 * `read` gives the text of a file by the path that an INCLUDE names, with the path that it has.
 */
export function editIsolinux(
  main: string,
  read: (name: string) => { readonly path: string; readonly text: string } | undefined,
  change: ArgumentChange,
): EditedConfigs {
  const files = new Map<string, { lines: string[]; text: string }>()
  const labels: Label[] = []
  const globals: Place[] = []
  const initrds: string[] = []

  const visit = (name: string, depth: number) => {
    const found = read(name)
    if (!found || files.has(found.path) || depth > MAX_DEPTH) return
    const lines = found.text.split('\n')
    files.set(found.path, { lines, text: found.text })
    lines.forEach((text, line) => {
      const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(text) ?? []
      const label = labels.at(-1)
      const place = { file: lines, line }
      switch (word.toLowerCase()) {
        case 'label':
          labels.push({})
          break
        case 'kernel':
        case 'linux':
          if (label) label.kernel = { ...place, image: word.toLowerCase() === 'linux' ? '' : rest }
          break
        case 'append':
          initrds.push(...initrdsOf(/(?:^|\s)initrd=(\S+)/.exec(rest)?.[1]))
          if (label) label.append = place
          else globals.push(place)
          break
        case 'initrd':
          initrds.push(...initrdsOf(rest))
          break
        case 'include':
          visit(rest, depth + 1)
          break
        case 'menu': {
          const [, included] = /^include\s+(\S+)/i.exec(rest) ?? []
          if (included !== undefined) visit(included, depth + 1)
          break
        }
        default:
      }
    })
  }
  visit(main, 0)

  const starting = labels.filter(({ kernel }) => kernel && !NO_KERNEL.test(kernel.image))
  for (const place of globals) editLine(place, change)
  // Lines are put in from the last to the first, so that the numbers of those before stay right.
  for (const { kernel, append } of starting.reverse()) {
    if (append) editLine(append, change)
    else if (kernel && globals.length === 0 && change.append.length > 0) {
      const indent = /^\s*/.exec(kernel.file[kernel.line] ?? '')?.[0] ?? ''
      kernel.file.splice(kernel.line + 1, 0, `${indent}append ${change.append.join(' ')}`)
    }
  }
  const changed = new Map<string, string>()
  for (const [path, { lines, text }] of files) {
    const edited = lines.join('\n')
    if (edited !== text) changed.set(path, edited)
  }
  return { changed, initrds, entries: starting.length }
}

function editLine({ file, line }: Place, change: ArgumentChange): void {
  const text = file[line] ?? ''
  const [, head = '', rest = ''] = /^(\s*\S+\s*)(.*?)\s*$/.exec(text) ?? []
  const words = rest === '-' ? [] : rest.split(/\s+/).filter(Boolean)
  const changed = changedArguments(words, change)
  if (changed)
    file[line] =
      `${head.trimEnd()} ${changed.length === 0 ? '-' : changed.join(' ')}${text.endsWith('\r') ? '\r' : ''}`
}

function initrdsOf(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',')
}
