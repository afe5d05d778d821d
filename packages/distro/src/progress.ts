/** What a build tells while it works. Nothing here is printed by the build itself. */
export interface Progress {
  /** The step: `fetch`, `kernel`, `images`, `initrd`, `iso` … */
  readonly step: string
  /** What is being done, for people. */
  readonly text: string
  /** Bytes done so far and in all, where they are known. */
  readonly done?: number
  readonly total?: number
}

/** Gets every step of a build as it goes. */
export type ProgressSink = (progress: Progress) => void
