import { code, escapeText, page, table } from './markdown.ts'
import { referenceOf, type Schema, typeText } from './schema-type.ts'

/** The reference of a machine's configuration, of its JSON Schema: a section for each group of keys, with the place where it stands. */
export function configurationPage(schema: Schema): string {
  const places = placesOf(schema)
  const link = (definition: string) => `[keys](#${anchor(definition)})`
  const sections = [...places]
    .sort(([, [a = '']], [, [b = '']]) => (a < b ? -1 : 1))
    .map(([definition, [first = '', ...others]]) => {
      const of = schema.$defs?.[definition] ?? {}
      return page([
        `## ${first} {#${anchor(definition)}}`,
        others.length === 0 ? '' : `The same keys: ${others.map(code).join(', ')}.`,
        escapeText(of.description ?? ''),
        rows(of, `${first}.`, link),
      ])
    })
  return page([
    '# Configuration of a machine',
    `Made of the JSON Schema that ${code('ros config schema')} prints. These keys may stand in a cloud-config, in ${code('os-config.yml')} of an image, and, as ${code('rancher.…=')}, on the kernel command line; ${code('sudo ros config set KEY VALUE')} changes one on a machine.`,
    'A key that is not here is left out with a warning. NAME stands for a name of your own.',
    '## At the top',
    escapeText(schema.description ?? ''),
    rows(schema, '', link),
    ...sections,
  ])
}

function rows({ properties = {} }: Schema, prefix: string, link: (definition: string) => string): string {
  const cells = Object.entries(properties).map(([key, property]) => [
    // In some sections a key stands in several places: the first is shown.
    `<a id="${anchor(`${prefix}${key}`)}"></a>${code(`${prefix}${key}`)}`,
    property.deprecated ? '' : typeText(property, link),
    escapeText(property.description ?? ''),
  ])
  return table(['key', 'value', 'what it is'], cells)
}

/** Where each definition stands, as paths of keys, in the order of a walk from the top. */
function placesOf(schema: Schema): Map<string, string[]> {
  const places = new Map<string, string[]>()
  const visit = (at: Schema, path: string, seen: readonly string[]) => {
    const definition = referenceOf(at)
    if (definition !== undefined && !seen.includes(definition)) {
      places.set(definition, [...(places.get(definition) ?? []), path])
      visit(schema.$defs?.[definition] ?? {}, path, [...seen, definition])
    }
    // What has no effect has no section.
    for (const [key, property] of Object.entries(at.properties ?? {})) {
      if (!property.deprecated) visit(property, path === '' ? key : `${path}.${key}`, seen)
    }
    if (at.items !== undefined) visit(at.items, `${path}[]`, seen)
    if (typeof at.additionalProperties === 'object') visit(at.additionalProperties, `${path}.NAME`, seen)
    for (const choice of at.anyOf ?? []) visit(choice, path, seen)
  }
  visit(schema, '', [])
  // The shortest is the one that is looked for.
  for (const paths of places.values()) paths.sort((a, b) => a.length - b.length)
  return places
}

function anchor(text: string): string {
  return text.replaceAll('[]', '').replaceAll('.', '-').toLowerCase()
}
