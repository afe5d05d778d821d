import { CliError } from '../error.ts'

/** What is to become of the kernel arguments of every entry of a boot menu. */
export interface ArgumentChange {
  /** Words that go to the end; one that is there already is not added again. */
  readonly append: readonly string[]
  /** `name` takes away `name` and `name=…`, `name=value` just that. */
  readonly remove: readonly string[]
}

/** Words of options that may hold several. Throws `ROS_CLI_USAGE` for what boot loaders read differently. */
export function argumentWords(option: string, texts: readonly string[]): string[] {
  const words = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '')
  for (const word of words) {
    if (/^[\x21-\x7e]+$/.test(word) && !/["'\\]/.test(word)) continue
    throw new CliError(
      'ROS_CLI_USAGE',
      'kernel arguments are printable ASCII without quotes and backslashes',
      {
        subject: option,
        got: JSON.stringify(word),
        hint: 'isolinux and GRUB would not read it alike',
      },
    )
  }
  return words
}

/**
 * The arguments after the change, or undefined when there is none. `read` tells what a word means where it is quoted, `quote` writes one.
 * Words after `--` are not the kernel's: what is added goes before it.
 */
export function changedArguments(
  words: readonly string[],
  { append, remove }: ArgumentChange,
  quote: (word: string) => string = (word) => word,
  read: (word: string) => string = (word) => word,
): string[] | undefined {
  const kept = words.filter((word) => {
    const text = read(word)
    return !remove.some((name) => text === name || (!name.includes('=') && text.startsWith(`${name}=`)))
  })
  const added = append.filter((word) => !kept.some((each) => read(each) === word)).map(quote)
  const end = kept.indexOf('--')
  const changed = end < 0 ? [...kept, ...added] : [...kept.slice(0, end), ...added, ...kept.slice(end)]
  return changed.length === words.length && changed.every((word, index) => word === words[index])
    ? undefined
    : changed
}
