import { resolve } from 'node:path'
import { type BuildResult, build, type InputOptions, type ProgressSink } from '@ros/distro'

export interface BuildArguments extends InputOptions {
  readonly out: string
  readonly dev: boolean
  readonly imagesTar: boolean
  readonly locked: boolean
}

/** `rancheros-kit build`: recipe to artifacts. Gives what was written. */
export function buildCommand(
  args: BuildArguments,
  sink: ProgressSink,
  signal: AbortSignal,
): Promise<BuildResult> {
  return build({ ...args, out: resolve(args.out), onProgress: sink, signal })
}
