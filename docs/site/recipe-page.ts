import { code, escapeText, page, table } from './markdown.ts'
import { referenceOf, type Schema, typeText } from './schema-type.ts'

/** The only definition of the schema: a source inside another one. */
const SOURCE = '[a source](#a-source)'

const HEADINGS = ['key', 'value', 'default', 'what it is']

/** The reference of a recipe's keys, of its JSON Schema: a section for each key at the top. */
export function recipePage(schema: Schema): string {
  const { properties = {}, required = [], $defs = {} } = schema
  const sections = Object.entries(properties).map(([key, property]) =>
    page([
      `## ${key}`,
      `${sentence(escapeText(property.description ?? ''))}${required.includes(key) ? 'Must be there.' : ''}`.trim(),
      table(
        HEADINGS,
        property.properties === undefined
          ? rows(property, key, required.includes(key))
          : keyRows(property, key),
      ),
    ]),
  )
  const sources = Object.values($defs).map((source) =>
    page([
      '## A source',
      'Where something comes from, by one of these keys. [Sources](../inputs.md#sources) says which go together.',
      table(HEADINGS, keyRows(source, '')),
    ]),
  )
  return page([
    '# Keys of a recipe',
    `Made of the JSON Schema that ${code('rancheros-kit schema')} prints. [Recipes](../recipes.md) says what they are for. NAME stands for a name of your own.`,
    ...sections,
    ...sources,
  ])
}

/** A key's own row, then those of what is below it. */
function rows(schema: Schema, path: string, required: boolean): string[][] {
  const { default: initial } = schema
  const own = [
    code(path),
    typeText(schema, () => SOURCE),
    initial === undefined ? (required ? '(needed)' : '') : code(JSON.stringify(initial)),
    escapeText(schema.description ?? ''),
  ]
  return [own, ...keyRows(schema, path)]
}

function keyRows(schema: Schema, path: string): string[][] {
  if (referenceOf(schema) !== undefined) return []
  const { properties = {}, required = [], items, additionalProperties, anyOf = [] } = schema
  const named = Object.entries(properties).flatMap(([key, property]) =>
    rows(property, path === '' ? key : `${path}.${key}`, required.includes(key)),
  )
  const each = typeof additionalProperties === 'object' ? keyRows(additionalProperties, `${path}.NAME`) : []
  const listed = items === undefined ? [] : keyRows(items, `${path}[]`)
  return [...named, ...each, ...listed, ...anyOf.flatMap((choice) => keyRows(choice, path))]
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}. `
}
