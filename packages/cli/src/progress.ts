import type { Progress, ProgressSink } from '@ros/distro'
import { megabytes, type Terminal } from './print.ts'

export interface ProgressPrinter {
  readonly sink: ProgressSink
  /** Finishes what is shown: the last step as done, or as failed. */
  readonly end: (failed: boolean) => Promise<void>
}

/** How long a step is silent before it is said that it runs. */
const SILENT_MS = 2000

/**
 * One plain line when a step has ended, and one before when that takes a while, with `verbose` always: for logs and for CI.
 */
export function plainProgress(terminal: Terminal, verbose = false): ProgressPrinter {
  let current: { progress: Progress; since: number; timer?: NodeJS.Timeout | undefined } | undefined
  const announce = () => {
    if (current?.timer === undefined) return
    clearTimeout(current.timer)
    current.timer = undefined
    terminal.stderr.write(`${current.progress.step}: ${current.progress.text} …\n`)
  }
  const finish = () => {
    if (current) {
      clearTimeout(current.timer)
      terminal.stderr.write(`${describe(current.progress, terminal.now() - current.since, true)}\n`)
    }
    current = undefined
  }
  return {
    sink: (progress) => {
      if (current?.progress.step === progress.step) {
        current.progress = progress
        return
      }
      finish()
      current = { progress, since: terminal.now(), timer: setTimeout(announce, SILENT_MS).unref() }
      if (verbose) announce()
    },
    end: (failed) => {
      // Of what failed the error tells more than a line with its time would; where it failed is said.
      if (failed) announce()
      else finish()
      return Promise.resolve()
    },
  }
}

interface Step {
  progress: Progress
  readonly since: number
  title?: { title: string }
  readonly ended: PromiseWithResolvers<void>
}

/** The step that runs with a spinner, amount, rate and estimate; above it those that are done. For terminals. */
export function taskList(terminal: Terminal): ProgressPrinter {
  let current: Step | undefined
  let shown: Promise<unknown> = Promise.resolve()
  const title = (step: Step, ended: boolean) => describe(step.progress, terminal.now() - step.since, ended)
  return {
    sink: (progress) => {
      if (current?.progress.step === progress.step) {
        current.progress = progress
        if (current.title) current.title.title = title(current, false)
        return
      }
      finish(current, title)
      const step: Step = { progress, since: terminal.now(), ended: Promise.withResolvers() }
      // A step that has not been waited for must not end the process when it fails.
      step.ended.promise.catch(() => undefined)
      current = step
      shown = shown.then(() => show(step, terminal, title))
    },
    end: async (failed) => {
      if (failed) current?.ended.reject(new Error('stopped'))
      else finish(current, title)
      current = undefined
      await shown
    },
  }
}

function finish(step: Step | undefined, title: (step: Step, ended: boolean) => string): void {
  if (!step) return
  if (step.title) step.title.title = title(step, true)
  step.ended.resolve()
}

async function show(step: Step, { stderr }: Terminal, title: (step: Step, ended: boolean) => string) {
  // Only builds on a terminal need it.
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2')
  const stream = stderr as NodeJS.WriteStream
  const list = new Listr(
    [
      {
        title: title(step, false),
        task: async (_, task) => {
          step.title = task
          task.title = title(step, false)
          await step.ended.promise
          task.title = title(step, true)
        },
      },
    ],
    {
      renderer: 'default',
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
        collapseErrors: true,
        showErrorMessage: false,
      },
      registerSignalListeners: false,
      exitOnError: false,
    },
  )
  await list.run()
}

/** `step: text · amount · rate · time`, with what is left while the whole is known. */
export function describe({ step, text, done, total }: Progress, elapsedMs: number, ended: boolean): string {
  const seconds = elapsedMs / 1000
  const parts = [`${step}: ${text}`]
  if (done !== undefined) {
    parts.push(total !== undefined && !ended ? `${megabytes(done)} of ${megabytes(total)}` : megabytes(done))
    if (seconds >= 0.5) parts.push(`${megabytes(done / seconds)}/s`)
    if (!ended && total !== undefined && done > 0 && seconds >= 2)
      parts.push(`${Math.ceil((seconds * (total - done)) / done)} s left`)
  }
  if (ended) parts.push(`${seconds.toFixed(1)} s`)
  return parts.join(' · ')
}
