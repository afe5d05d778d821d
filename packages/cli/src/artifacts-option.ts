import type { Argv } from 'yargs'

/** `--out`: where `build` writes and `run` reads. */
export function artifactsOption<T>(parser: Argv<T>) {
  return parser.option('out', {
    type: 'string',
    default: 'dist/artifacts',
    describe: 'folder of the artifacts',
    requiresArg: true,
  })
}
