import type { EditedConfigs } from './isolinux-config.ts'
import { type ArgumentChange, changedArguments } from './kernel-arguments.ts'

/** A word of GRUB's script, which quotes as a shell does. */
const WORD = /(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/g
/** A command and its arguments up to the end of the line; a backslash at the end of a line goes on. */
const COMMAND =
  /^([^\S\n]*)(linux|linuxefi|linux16|\$linux|initrd|initrdefi|initrd16|\$initrd)(?=[^\S\n])((?:[^\n\\]|\\[\s\S])*)/gm

/** Changes kernel arguments in one configuration of GRUB: in every `linux` command, behind the kernel's path. */
export function editGrub(path: string, text: string, change: ArgumentChange): EditedConfigs {
  const initrds: string[] = []
  let entries = 0
  const edited = text.replaceAll(COMMAND, (whole: string, indent: string, command: string, given: string) => {
    const rest = given.replaceAll('\\\n', ' ')
    const [comment = ''] = /\s#.*$/.exec(rest) ?? []
    const words = (comment === '' ? rest : rest.slice(0, -comment.length)).match(WORD) ?? []
    if (command.replace('$', '').startsWith('initrd')) {
      initrds.push(...words.map(unquoted))
      return whole
    }
    const [kernel, ...before] = words
    if (kernel === undefined) return whole
    entries++
    const changed = changedArguments(before, change, quotedWord, unquoted)
    return changed ? `${indent}${command} ${[kernel, ...changed].join(' ')}${comment}` : whole
  })
  return { changed: edited === text ? new Map() : new Map([[path, edited]]), initrds, entries }
}

/** Changes kernel arguments in an entry of systemd-boot (Boot Loader Specification, type 1). */
export function editLoaderEntry(path: string, text: string, change: ArgumentChange): EditedConfigs {
  const initrds = [...text.matchAll(/^initrd\s+(\S+)/gm)].map(([, name = '']) => name)
  const entries = /^linux\s/m.test(text) ? 1 : 0
  const options = /^options\s+(.*)$/m.exec(text)?.[1]
  const changed = changedArguments(options?.split(/\s+/).filter(Boolean) ?? [], change)
  if (!changed || entries === 0) return { changed: new Map(), initrds, entries }
  const line = `options ${changed.join(' ')}`
  const edited =
    options === undefined ? `${text.trimEnd()}\n${line}\n` : text.replace(/^options\s+.*$/m, () => line)
  return { changed: new Map([[path, edited]]), initrds, entries }
}

/** As GRUB's parser wants it: words with other than plain characters in single quotes. */
function quotedWord(word: string): string {
  return /^[\w=./,:-]+$/.test(word) ? word : `'${word}'`
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g,
    (_, single?: string, double?: string, one?: string) =>
      single ?? double?.replaceAll(/\\([\s\S])/g, '$1') ?? (one === '\n' ? '' : (one ?? '')),
  )
}
