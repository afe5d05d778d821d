import { recipeJsonSchema } from '@ros/distro'
import { command } from '../command.ts'

/** `rancheros-kit schema`: what editors need to help with a recipe. */
export const schema = command({
  usage: 'schema',
  describe: "print the recipe's JSON Schema, for editors",
  examples: [['$0 schema > recipe.schema.json', 'for an editor that checks recipes']],
  options: (y) => y,
  run: () => {
    const data = recipeJsonSchema()
    return Promise.resolve({ data, text: `${JSON.stringify(data, undefined, 2)}\n` })
  },
})
