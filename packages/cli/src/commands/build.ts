import { resolve } from 'node:path'
import { type BuildResult, build, type ProgressSink } from '@ros/distro'

export interface BuildArguments {
  readonly recipe: string | undefined
  readonly out: string
  readonly dev: boolean
  readonly imagesTar: boolean
  readonly cache: string
}

/** `rancheros-kit build`: recipe to artifacts. Gives what was written. */
export function buildCommand(
  args: BuildArguments,
  sink: ProgressSink,
  signal: AbortSignal,
): Promise<BuildResult> {
  return build({
    ...(args.recipe !== undefined && { recipeFile: resolve(args.recipe) }),
    out: resolve(args.out),
    dev: args.dev,
    imagesTar: args.imagesTar,
    cache: args.cache,
    onProgress: sink,
    signal,
  })
}
