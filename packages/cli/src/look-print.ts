import type { Finding } from '@ros/bytes'
import { stringify } from 'yaml'
import type { Listing } from './commands/ls.ts'
import type { Difference } from './look/compare.ts'
import type { Facts } from './look/container.ts'
import { longLine, nameLine, printable } from './look/listing.ts'

/** Lines of `ls`: names, or with `long` all that is known of each. Images have a tag to a line. */
export function listingLines({ entries, images }: Listing, long: boolean): string[] {
  const lines = (entries ?? []).map((entry) => (long ? longLine(entry) : nameLine(entry)))
  for (const image of images ?? []) {
    const tags = image['tags'] as readonly string[]
    const id = String(image['id']).slice(7, 19)
    for (const tag of tags.length > 0 ? tags : ['<none>'])
      lines.push(long ? `${id} ${printable(tag)}` : tags.length > 0 ? printable(tag) : id)
  }
  return lines
}

/** Facts as YAML, times as dates. */
export function factsText(facts: Facts): string {
  return stringify(facts, { lineWidth: 0 })
}

const words: Record<Difference['difference'], string> = {
  'only-a': 'only in the first',
  'only-b': 'only in the second',
  type: 'type',
  mode: 'mode',
  owner: 'owner',
  mtime: 'mtime',
  xattrs: 'extended attributes',
  target: 'link target',
  device: 'device number',
  size: 'size',
  content: 'content differs',
  field: 'field',
  encoding: 'bytes differ, but nothing inside does',
}

/** `path: what: first | second`. */
export function differenceLine({ path, difference, field, a, b }: Difference): string {
  const what = field === undefined ? words[difference] : printable(field)
  const show = (value: unknown) =>
    typeof value === 'string' ? printable(value) : (JSON.stringify(value) ?? 'none')
  const values = a === undefined && b === undefined ? '' : `: ${show(a)} | ${show(b)}`
  return `${printable(path === '' ? '.' : path)}: ${what}${values}`
}

/** `error rule at byte N: subject: message (section)`. */
export function findingLine({
  severity,
  rule,
  offset,
  innerOffset,
  subject,
  message,
  section,
}: Finding): string {
  const inner = innerOffset === undefined ? '' : `, byte ${innerOffset} of its content`
  return `${severity} ${rule} at byte ${offset}${inner}: ${printable(subject)}: ${printable(message)} (${section})`
}
