import { z } from 'zod'
import { recipeSchema } from './recipe-schema.ts'

/** The recipe's JSON Schema (draft 2020-12), for editors; `recipe.schema.json` of this package is its text. */
export function recipeJsonSchema(): unknown {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input', unrepresentable: 'any' })
  return { title: 'Recipe of a RancherOS', ...schema }
}
