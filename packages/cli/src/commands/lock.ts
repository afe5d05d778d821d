import { lock as lockInputs } from '@ros/distro'
import { command } from '../command.ts'
import { givenInputs, inputsOption } from '../inputs-option.ts'

/** `rancheros-kit lock`: every input of the recipe by digest, written beside it. */
export const lock = command({
  usage: 'lock',
  describe: 'pin every input of the recipe by digest in rancheros.lock.json',
  examples: [['$0 lock', 'pin what rancheros.yml names, as it is now']],
  options: (y) =>
    inputsOption(y).option('pin-new', {
      type: 'boolean',
      default: false,
      describe: 'pin files that the recipe gives no checksum for by what their servers give now',
    }),
  run: async (args, { output, environment, signal }) => {
    const options = { ...givenInputs(args, environment), pinNew: args.pinNew, signal }
    const { lock: written, path } = await output.withProgress((onProgress) =>
      lockInputs({ ...options, onProgress }),
    )
    const parts = Object.keys(written.parts).length
    const packages = written.packages.length
    return { data: { path, parts, packages }, text: `${path} ${parts} parts, ${packages} packages\n` }
  },
})
