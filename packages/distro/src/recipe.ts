import { didYouMean } from '@ros/debian'
import { LineCounter, parseDocument, YAMLMap } from 'yaml'
import type { z } from 'zod'
import { DistroError } from './error.ts'
import { keysAt } from './recipe-keys.ts'
import { type Recipe, recipeSchema } from './recipe-schema.ts'

/**
 * Reads a recipe. `name` is the file's name, for errors, which carry line and column: `ROS_RECIPE_SYNTAX` for what is
 * not YAML, `ROS_RECIPE_KEY` for an unknown or missing key or a wrong value. `variables` replace `${NAME}` in the text, as do `ARCH`, the
 * recipe's architecture, and `CONSOLE`, the first serial line of its machines. `arch` is taken in place of the recipe's own; another one
 * throws `ROS_DISTRO_ARCH` where the text has no `${ARCH}`: what it names is for its own.
 */
export function readRecipe(
  text: string,
  name: string,
  variables: Readonly<Record<string, string>>,
  arch?: string,
): Recipe {
  const lines = new LineCounter()
  const own = architectureOf(text)
  if (arch !== undefined && own !== undefined && arch !== own && !text.includes('${ARCH}')) {
    throw new DistroError('ROS_DISTRO_ARCH', 'the recipe is for one architecture alone', {
      subject: name,
      got: arch,
      limit: own,
      hint: 'one for several says ${ARCH} where a name has the architecture in it',
    })
  }
  const known = { ...architectureVariables(arch ?? own ?? 'amd64'), ...variables }
  const filled = text.replace(/\$\{([A-Z_]+)\}/g, (whole, key: string) => known[key] ?? whole)
  const document = parseDocument(filled, { lineCounter: lines, strict: true })
  if (arch !== undefined && document.contents instanceof YAMLMap) document.set('arch', arch)
  const [problem] = document.errors
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0])
    throw new DistroError('ROS_RECIPE_SYNTAX', firstLine(problem.message), {
      subject: `${name}:${line}:${col}`,
    })
  }
  const parsed = recipeSchema.safeParse(document.toJS())
  if (parsed.success) return parsed.data
  throw keyError(parsed.error.issues, name, (path) => {
    const offset = offsetOf(document, path)
    return offset === undefined ? { line: 1, col: 1 } : lines.linePos(offset)
  })
}

/** What the recipe says, before anything else is known of it; the schema judges it later. */
function architectureOf(text: string): string | undefined {
  const arch: unknown = parseDocument(text).get('arch')
  return typeof arch === 'string' ? arch : undefined
}

function architectureVariables(arch: string): Record<string, string> {
  return { ARCH: arch, CONSOLE: arch === 'amd64' ? 'ttyS0' : 'ttyAMA0' }
}

type Issue = z.core.$ZodIssue
type Position = { line: number; col: number }

function keyError(
  issues: readonly Issue[],
  name: string,
  locate: (path: PropertyKey[]) => Position,
): DistroError {
  const located = issues
    .map((issue) => {
      // An unknown key is reported at its parent: point at the key itself.
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
      const path = unknown === undefined ? issue.path : [...issue.path, unknown]
      return { issue, path, position: locate(path), unknown }
    })
    // A misspelt key is unknown, and missing under its right name: the unknown one is what to mend.
    .sort((a, b) => rank(a) - rank(b) || a.position.line - b.position.line || a.position.col - b.position.col)
  const [first] = located
  if (!first) throw new Error('a refused recipe without an issue')
  const { issue, path, position, unknown } = first
  const key = path.map(String).join('.')
  const problem = unknown === undefined ? `${key || 'recipe'}: ${issue.message}` : `unknown key ${key}`
  const others = located.length - 1
  const similar = unknown === undefined ? [] : didYouMean(unknown, keysAt(recipeSchema, issue.path))
  return new DistroError('ROS_RECIPE_KEY', problem, {
    subject: `${name}:${position.line}:${position.col}`,
    ...(others > 0 && { limit: `and ${others} more` }),
    ...(similar.length > 0 && { hint: `did you mean ${similar.join(' or ')}?` }),
  })
}

function rank({ unknown }: { unknown: string | undefined }): number {
  return unknown === undefined ? 1 : 0
}

type Document = ReturnType<typeof parseDocument>

/** Where the key (or, for a missing one, the nearest thing above it) stands, as an offset in the text. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const parent = length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]
    const pair = itemsOf(parent).find((item) => scalarOf(item.key) === String(key))
    const offset =
      pair?.key?.range?.[0] ?? (document.getIn(path.slice(0, length), true) as Ranged)?.range?.[0]
    if (offset !== undefined) return offset
  }
  return undefined
}

type Ranged = { range?: readonly [number, number, number] | null; value?: unknown } | null | undefined

function itemsOf(node: unknown): { key?: Ranged }[] {
  const items = (node as { items?: unknown[] } | null)?.items
  return Array.isArray(items) ? (items as { key?: Ranged }[]) : []
}

function scalarOf(key: Ranged): string | undefined {
  const value = key?.value
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
