import { type InputOptions, lock, type ProgressSink } from '@ros/distro'

export interface LockResult {
  readonly path: string
  readonly parts: number
  readonly packages: number
}

/** `rancheros-kit lock`: every input of the recipe by digest, written beside it. */
export async function lockCommand(
  args: InputOptions,
  sink: ProgressSink,
  signal: AbortSignal,
): Promise<LockResult> {
  const { lock: written, path } = await lock({ ...args, onProgress: sink, signal })
  return { path, parts: Object.keys(written.parts).length, packages: written.packages.length }
}
