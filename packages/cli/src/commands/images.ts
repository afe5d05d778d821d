import { readFile } from 'node:fs/promises'
import { configImages, KIT_VERSION } from '@ros/distro'
import { command } from '../command.ts'
import { CliError } from '../error.ts'

/** `rancheros-kit images`: what `ros config images -i` of RancherOS v0.4.3 prints. */
export const images = command({
  usage: 'images',
  describe: 'list the images that a configuration names',
  examples: [['$0 images -i os-config.yml', 'one line, sorted, as `ros config images` prints it']],
  options: (y) =>
    y
      .option('input', {
        alias: 'i',
        type: 'string',
        demandOption: true,
        describe: 'os-config.yml',
        requiresArg: true,
      })
      .option('system', {
        type: 'string',
        default: `v${KIT_VERSION}`,
        describe: 'version that stands for ${VERSION}',
        requiresArg: true,
      }),
  run: async ({ input, system }) => {
    const text = await readFile(input, 'utf8').catch((cause: unknown) => {
      throw new CliError('ROS_CLI_FILE', 'cannot read the configuration', { subject: input, cause })
    })
    const names = configImages(text, system)
    return { data: names, text: `${names.join(' ')}\n` }
  },
})
