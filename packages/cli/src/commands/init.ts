import { builtInRecipes, initRecipe } from '@ros/distro'
import { command } from '../command.ts'

/** `rancheros-kit init`: a built-in recipe as a file to be changed. */
export const init = command({
  usage: 'init',
  describe: 'write rancheros.yml, a commented recipe to be changed',
  examples: [['$0 init', 'then change it, and `$0 build`']],
  options: (y) =>
    y
      .option('recipe', {
        type: 'string',
        default: 'debian',
        choices: builtInRecipes(),
        describe: 'built-in recipe to begin with',
      })
      .option('force', { type: 'boolean', default: false, describe: 'write over a recipe that is there' }),
  run: async ({ recipe, force }) => {
    const path = await initRecipe({ folder: process.cwd(), recipe, force })
    return { data: { path }, text: `${path}\n` }
  },
})
