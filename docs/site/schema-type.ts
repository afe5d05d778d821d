import { code } from './markdown.ts'

/** What of JSON Schema our two schemas use. */
export interface Schema {
  readonly title?: string
  readonly description?: string
  readonly deprecated?: boolean
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
}

/** Name of the definition that a schema refers to. */
export function referenceOf({ $ref }: Schema): string | undefined {
  return $ref?.replace(/^#\/\$defs\//, '')
}

/**
 * What a value may be, in words; `link` gives those for a definition. The configuration's reader takes a number, a truth value or nothing for
 * a text, and words for truth values: all of that is `text` and `true or false` here.
 */
export function typeText(schema: Schema, link: (definition: string) => string): string {
  const definition = referenceOf(schema)
  if (definition !== undefined) return link(definition)
  const { anyOf, items, additionalProperties } = schema
  if (anyOf !== undefined) {
    if (isTruth(anyOf)) return 'true or false'
    const one = anyOf.find(({ items }) => items === undefined)
    const many = anyOf.find(({ items }) => items !== undefined)?.items
    if (anyOf.length === 2 && one && many && typeText(one, link) === typeText(many, link)) {
      return `${typeText(one, link)}, or a list of it`
    }
    return anyOf.map((choice) => typeText(choice, link)).join('; or ')
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ')
  if (items !== undefined) return `list of ${inner(typeText(items, link))}`
  if (typeof additionalProperties === 'object')
    return `names with ${inner(typeText(additionalProperties, link))} each`
  return bounds(schema, plainType(schema))
}

/** A type inside of another one. */
function inner(type: string): string {
  return /[,;]/.test(type) ? `(${type})` : type
}

function isTruth(choices: readonly Schema[]): boolean {
  const [truth, words] = choices
  return choices.length === 2 && typesOf(truth?.type).includes('boolean') && words?.enum !== undefined
}

function plainType({ type }: Schema): string {
  const types = typesOf(type).filter((name) => name !== 'null')
  if (types.includes('string')) return 'text'
  const [only = 'anything'] = types
  return { boolean: 'true or false', object: 'keys', integer: 'whole number', array: 'list' }[only] ?? only
}

function bounds({ minimum, maximum }: Schema, type: string): string {
  if (minimum === undefined && maximum === undefined) return type
  return `${type}, ${minimum ?? ''} … ${maximum ?? ''}`
}

function typesOf(type: Schema['type']): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type
}
